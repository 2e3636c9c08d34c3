"""Values as other libraries write them, each with the name and the nature that it is given."""

from base64 import b64encode

from reseal.foreign import Nature

SIGNATURE = "S3coL21svUuEXtoMg78ehDCWe4gQN8gk9eQncNsbgIs"
SHORT_SIGNATURE = "wh6tMHxLgJqB6oY1uT73iMlyrOA"
DIGEST = "04ba578582290dc455fd489a9754ab38a685dcd3"
HEX = "dda276c68eb7c448c7e03face831ea04"

ENCRYPTED, SIGNED, PICKLED, HASHED, DAMAGED = Nature

# What Laravel's encrypter writes is base64 of this, however its parts are spaced.
LARAVEL = b'{"iv":"SucCyd3/ZRmxWDSfjeXG+Q==","value":"IQozxyMr4XAFilGV7V6kig==","mac":"abfb"}'

# One line for each: the sentence, the name, the nature, the value.
EXAMPLES = [
    ("an envelope whose first bit is turned", "Reseal", DAMAGED, "dyJrZXlWZXJzaW9uIjoxLCJ2IjoxLCJ"),
    ("an envelope with another letter", "Reseal", DAMAGED, "eyJrZXlWZXJzaW9uIjpxLCJ2IjoxLCJ"),
    ("Fernet", "Fernet", ENCRYPTED, "gAAAAABrBUEH2ZuwcLOqbnPmemLZfAhwlkhbD1nK55idmmuHVdzZdatSFQ=="),
    ("Fernet in base64 again", "Fernet", ENCRYPTED, "Z0FBQUFBQnJCVUVIMlp1d2NMT3FiblBtZW1MWm"),
    ("Vault Transit", "Vault Transit", ENCRYPTED, "vault:v12:cZNHVx+sxdMErXRSuDa1q/pz49fXTn1PSc"),
    ("Laravel", "Laravel", ENCRYPTED, b64encode(LARAVEL).decode()),
    (
        "a JWE with a direct key",
        "JWE",
        ENCRYPTED,
        "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..cMIhUoGRerHH9_hE.YWNfmZ3yU9wEhbDH.-rPuXoZVXr2K",
    ),
    (
        "a JWT",
        "JWS",
        SIGNED,
        f"eyJhbGciOiJIUzI1NiJ9.eyJzZWNyZXQiOiJKQlNXWTNEUEVIUEszUFhQIn0.{SIGNATURE}",
    ),
    ("a JWS without its payload", "JWS", SIGNED, f"eyJhbGciOiJIUzI1NiJ9..{SIGNATURE}"),
    ("a local PASETO", "PASETO", ENCRYPTED, "v4.local.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
    ("a public PASETO", "PASETO", SIGNED, "v4.public.eyJkYXRhIjoiSkJTV1kzRFBFSFBLM1BYUCJ9"),
    ("v1: and base64", "version prefix", ENCRYPTED, "v1:YWNfmZ3yU9wEhbDHkzZFqg=="),
    ("v2. and base64", "version prefix", ENCRYPTED, "v2.YWNfmZ3yU9wEhbDHkzZFqg==\n"),
    ("enc:", "enc: prefix", ENCRYPTED, "enc:YWNfmZ3yU9wEhbDHkzZFqg=="),
    ("enc:v2:", "enc: prefix", ENCRYPTED, "enc:v2:YWNfmZ3yU9wEhbDHkzZFqg=="),
    ("encrypted:", "enc: prefix", ENCRYPTED, "encrypted:YWNfmZ3yU9wEhbDHkzZFqg=="),
    ("SOPS", "ENC[...]", ENCRYPTED, "ENC[AES256_GCM,data:abc=,iv:def=,tag:ghi=,type:str]"),
    ("Jasypt", "ENC[...]", ENCRYPTED, "ENC(YWNfmZ3yU9wEhbDHkzZFqg==)"),
    ("Spring Cloud Config", "Spring Cloud", ENCRYPTED, "{cipher}dda276c68eb7c448c7e03face831ea04"),
    (
        "a Rails encrypted attribute",
        "Rails encrypted attribute",
        ENCRYPTED,
        '{"p":"8BAc8dGXqxksThLN","h":{"iv":"NgqthINGlvoN+fhP","at":"1uVEEsBMqTQyqoJlVrA5LQ=="}}',
    ),
    (
        "GoTrue",
        "GoTrue",
        ENCRYPTED,
        '{"alg":"aes-gcm-hkdf","key_id":"k1","data":"8BAc8dGX","nonce":"NgqthINGlvoN"}',
    ),
    (
        "passlib",
        "passlib",
        ENCRYPTED,
        '{"enckey":{"c":14,"k":"FLEQC3VO6SIT","s":"UL2J4MZG4S","t":"1","v":1},"type":"totp","v":1}',
    ),
    (
        "passlib with its keys in another order",
        "passlib",
        ENCRYPTED,
        '{"type": "totp", "v": 1, "enckey": {"c": 14, "k": "FLEQC3VO6SIT", "s": "UL2J4MZG4S"}}',
    ),
    ("JSON with an iv", "JSON with ciphertext", ENCRYPTED, '{"iv":"abc","content":"def"}'),
    ("JSON of the Stanford library", "JSON with ciphertext", ENCRYPTED, '{"v":1, "ct" :"abc"}'),
    ("Zitadel", "JSON with ciphertext", ENCRYPTED, '{"Algorithm":"aes","Crypted":"YWNfmZ3y"}'),
    ("Cloak in a bytea", "Cloak", ENCRYPTED, "\x01\nAES.GCM.V1\\307\\\\w6V)\\247"),
    ("Cloak with every byte escaped", "Cloak", ENCRYPTED, "\\001\\012AES.CTR.V1\\307\\\\w6V"),
    ("Cloak in base64", "Cloak", ENCRYPTED, "AQpBRVMuR0NNLlYxPzBWkUBukUfT/+1SSS+VuM2bKC5AnX"),
    ("openssl enc", "OpenSSL", ENCRYPTED, "U2FsdGVkX1+Pij6tOGf8seoJFleTfdPr+cSIyXhoOI4="),
    ("openssl enc in a bytea", "OpenSSL", ENCRYPTED, "Salted__\\217\\212>\\2558g"),
    ("Ansible Vault", "Ansible Vault", ENCRYPTED, "$ANSIBLE_VAULT;1.1;AES256\n6638"),
    ("an armoured PGP message", "OpenPGP", ENCRYPTED, "-----BEGIN PGP MESSAGE-----\n\nww0EBwMC"),
    ("a signed PGP message", "OpenPGP", SIGNED, "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256"),
    ("pgcrypto in base64", "OpenPGP", ENCRYPTED, "ww0EBwMCgZVgFKtPp4BuxQdGdco41weEZ6PerWleV1nXn1G"),
    ("pgcrypto in hex", "OpenPGP", ENCRYPTED, "c30d0407030281492b7d4b46a47c1d6fc99eb5d7aaefb8a7"),
    ("pgcrypto in a bytea", "OpenPGP", ENCRYPTED, "\\303\r\x04\x07\x03\x02\\201I+}KF"),
    ("age", "age", ENCRYPTED, "age-encryption.org/v1\n-> X25519 abc"),
    ("age in base64", "age", ENCRYPTED, "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBhYmM="),
    ("AWS KMS", "AWS", ENCRYPTED, "AQICAHhnAxtxaAn9IVWsGezp7zmOfl3CnkhXTQpVBtLfiXYDzjrQgan"),
    ("AWS SDK", "AWS", ENCRYPTED, "AYADeGDa5xgovivKUHaebjwgqeTLcSTizeQ+SsxHKvguoQ"),
    ("django-mfa", "django-mfa", SIGNED, f"mfa1:JBSWY3DPEHPK3PXP:1xVlFI:{SIGNATURE}"),
    (
        "a pickle of protocol 2 in base64",
        "pickle in base64",
        PICKLED,
        "gAJ9cQBYBgAAAHNlY3JldHEBWBAAAABKQlNXWTNEUEVIUEszUFhQcQJzLg==",
    ),
    (
        "a pickle of protocol 3 in base64",
        "pickle in base64",
        PICKLED,
        "gAN9cQBYBgAAAHNlY3JldHEBWBAAAABKQlNXWTNEUEVIUEszUFhQcQJzLg==\n",
    ),
    (
        "a pickle of protocol 4 in base64",
        "pickle in base64",
        PICKLED,
        "gASVIAAAAAAAAAB9lIwGc2VjcmV0lIwQSkJTV1kzRFBFSFBLM1BYUJRzLg==",
    ),
    (
        "a pickle of protocol 5 in base64",
        "pickle in base64",
        PICKLED,
        "gAWVIAAAAAAAAAB9lIwGc2VjcmV0lIwQSkJTV1kzRFBFSFBLM1BYUJRzLg==",
    ),
    ("a text pickle in base64", "pickle in base64", PICKLED, "KGRwMApWc2VjcmV0CnAxClZKQlNXWTM="),
    ("a text pickle", "pickle", PICKLED, "(dp0\nVsecret\np1\nVJBSWY3DPEHPK3PXP\np2\ns."),
    (
        "a pickle of protocol 2 in a bytea",
        "pickle",
        PICKLED,
        "\\200\x02}q\\000X\x06\\000\\000\\000secretq\x01X\x03\\000\\000\\000ABCq\x02s.",
    ),
    (
        "a pickle of protocol 4 in a bytea",
        "pickle",
        PICKLED,
        "\\200\x04\\225 \\000\\000\\000\\000\\000\\000\\000}\\224\\214\x06secret\\224s.",
    ),
    (
        "a pickle of protocol 4 with every byte escaped",
        "pickle",
        PICKLED,
        "\\200\\004\\225 \\000\\000\\000\\000\\000\\000\\000}\\224\\214\\006secret\\224s.",
    ),
    ("bcrypt", "password hash", HASHED, "$2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga"),
    ("argon2", "password hash", HASHED, "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCs"),
    ("PBKDF2 of passlib", "password hash", HASHED, "$pbkdf2-sha512$25000$c29tZXNhbHQ$RdescudvJCs"),
    ("PBKDF2 of Django", "password hash", HASHED, "pbkdf2_sha256$1000$saltsaltsalt$u44k8Tlv9TA="),
    ("scrypt of Werkzeug", "password hash", HASHED, "scrypt:32768:8:1$c29tZXNhbHQ$" + HEX * 4),
    ("a salted SHA of LDAP", "password hash", HASHED, "{SSHA}dtsmWa8/KbKPtFwnFVD2DLIk6VkLzo1m"),
    ("Better Auth", "Better Auth", ENCRYPTED, "$ba$1$dda276c68eb7c448c7e03face831ea04"),
    ("any other name in dollars", "$name$ prefix", ENCRYPTED, "$aes-gcm$YWNfmZ3yU9wEhbDHkzZFqg=="),
    ("Nextcloud", "Nextcloud", ENCRYPTED, f"{HEX}|{HEX}|{HEX * 4}|3"),
    ("an early Nextcloud", "Nextcloud", ENCRYPTED, f"{HEX}|QNBsRZnJuLZBu2s8|{HEX * 2}"),
    (
        "Rails MessageEncryptor with GCM",
        "Rails MessageEncryptor",
        ENCRYPTED,
        "FH/hbq73hw66F8XRueJ8dIsHu+wUmIjoeBA=--2SaXJbLncP5JC6mU--YQk955yuEmUGKgc/zUEwTw==",
    ),
    (
        "Rails MessageEncryptor in two parts",
        "Rails MessageEncryptor",
        ENCRYPTED,
        "g2EZBbGfQQwYvhMEUyNdXs0l3YCYqPjOauQFyx1P+S4=--PzmhOjsbV9mxv+2MHiysrg==",
    ),
    *(
        (f"an early Rails MessageEncryptor, {size} bytes", "Rails MessageEncryptor", ENCRYPTED,
         b64encode(b64encode(bytes(size)) + b"--PzmhOjsbV9mxv+2MHiysrg==").decode() + "--" + DIGEST)
        for size in (16, 32, 48, 64, 80, 96)
    ),
    ("Rails MessageVerifier", "Rails MessageVerifier", SIGNED, f"IkpCU1dZM0RQRUhQ--{DIGEST}"),
    ("iv:ciphertext in hex", "iv:ciphertext", ENCRYPTED, f"{HEX}:{HEX * 2}"),
    ("iv:tag:ciphertext in hex", "iv:ciphertext", ENCRYPTED, f"{HEX[:24]}:{HEX.upper()}:{HEX}\n"),
    (
        "iv:tag:ciphertext in base64",
        "iv:ciphertext",
        ENCRYPTED,
        "ayN1o750v1TqJmbR:XOKlCOhAC01/xUP5MWEI9Q==:PW9/6UaHB4vMvyPx3NavBQ==",
    ),
    ("itsdangerous", "itsdangerous", SIGNED, f"IkpCU1dZM0RQRUhQSzNQWFAi.{SHORT_SIGNATURE}"),
    ("itsdangerous with a time", "itsdangerous", SIGNED, f"eyJhIjoxfQ.Zx1b2w.{SHORT_SIGNATURE}"),
    ("itsdangerous, compressed", "itsdangerous", SIGNED, f".eJyrViot.Zx1b2w.{SHORT_SIGNATURE}"),
    ("Django's signer", "django signing", SIGNED, f"JBSWY3DPEHPK3PXP:{SIGNATURE}"),
    ("Django's timed signer", "django signing", SIGNED, f"JBSWY3DPEHPK3PXP:1xVlFI:{SIGNATURE}"),
    ("Django's signing.dumps", "django signing", SIGNED, f"eyJzIjoxfQ:1xVlFI:{SIGNATURE}"),
    ("an early Django", "django signing", SIGNED, f"a:b c:1xVlFI:{SHORT_SIGNATURE}"),
]  # fmt: skip
