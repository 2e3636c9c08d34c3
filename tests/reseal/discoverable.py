"""Tables to discover: as real applications have them, and others that only look alike."""

# `b32(32, n)` is the same secret for the same n, as `hex`, `digits` and the others below are.
FUNCTIONS = """
CREATE FUNCTION b32(size int, n int) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567',
                             1 + get_byte(sha256((n || '/' || i)::bytea), 0) % 32, 1), '')
    FROM generate_series(1, size) AS i $$;
CREATE FUNCTION raw(size int, n int) RETURNS bytea LANGUAGE sql AS $$
    SELECT substr(sha256(n::text::bytea), 1, size) $$;
CREATE FUNCTION hex(size int, n int) RETURNS text LANGUAGE sql AS $$
    SELECT encode(raw(size / 2, n), 'hex') $$;
CREATE FUNCTION uri(n int) RETURNS text LANGUAGE sql AS $$
    SELECT 'otpauth://totp/Shop:u' || n || '?issuer=Shop&secret=' || b32(32, n) $$;
"""
ROWS = "FROM generate_series(1, 40) AS n"

SECRET, OTPAUTH, QR, CODES = "totp secret", "otpauth uri", "qr image", "recovery codes"

# The definition and rows; then column, path, what and format of each place that must be found.
REAL = {
    "vikunja": (
        f"""CREATE TABLE totp (id bigserial PRIMARY KEY, secret text, url text);
        INSERT INTO totp (secret, url) SELECT b32(32, n), uri(n) {ROWS}""",
        {("secret", None, SECRET, "base32"), ("url", None, OTPAUTH, "otpauth")},
    ),
    "baserow": (
        f"""CREATE TABLE totp_provider (id serial PRIMARY KEY, secret varchar(32), url text,
                                        provisioning_qr_code bytea);
        INSERT INTO totp_provider (secret, url, provisioning_qr_code)
        SELECT b32(32, n), uri(n), '\\x89504e470d0a1a0a'::bytea || raw(32, n) {ROWS}""",
        {
            ("secret", None, SECRET, "base32"),
            ("url", None, OTPAUTH, "otpauth"),
            ("provisioning_qr_code", None, QR, "bytes"),
        },
    ),
    "2fauth": (
        f"""CREATE TABLE twofaccounts (id serial PRIMARY KEY, service text, legacy_uri text,
                                       secret text, otp_type text);
        INSERT INTO twofaccounts (service, legacy_uri, secret, otp_type)
        SELECT 'Shop ' || n, uri(n), b32(32, n), 'totp' {ROWS}""",
        {("secret", None, SECRET, "base32"), ("legacy_uri", None, OTPAUTH, "otpauth")},
    ),
    "misskey": (
        f"""CREATE TABLE user_profile ("userId" text PRIMARY KEY, password text,
            "twoFactorTempSecret" text, "twoFactorSecret" text, "twoFactorBackupSecret" varchar[]);
        INSERT INTO user_profile SELECT md5('u' || n), '$2b$12$' || md5(n::text),
            CASE WHEN n > 30 THEN b32(32, n) END, b32(32, n),
            ARRAY[b32(32, 100 * n), b32(32, 100 * n + 1)] {ROWS}""",
        {
            ("twoFactorTempSecret", None, SECRET, "base32"),
            ("twoFactorSecret", None, SECRET, "base32"),
            ("twoFactorBackupSecret", "[*]", CODES, "text"),
        },
    ),
    "django-otp": (
        f"""CREATE TABLE otp_totp_totpdevice (id serial PRIMARY KEY, name text, key varchar(80));
        INSERT INTO otp_totp_totpdevice (name, key) SELECT 'default', hex(40, n) {ROWS};
        CREATE TABLE otp_static_statictoken (id serial PRIMARY KEY, token varchar(16));
        INSERT INTO otp_static_statictoken (token) SELECT lower(b32(8, n)) {ROWS}""",
        {("key", None, SECRET, "hex"), ("token", None, CODES, "text")},
    ),
    "keycloak": (
        f"""CREATE TABLE credential (id varchar(36) PRIMARY KEY, type text, secret_data text);
        INSERT INTO credential SELECT gen_random_uuid(), 'otp', format('{{"value":"%s"}}',
            left(translate(encode(raw(32, n), 'base64'), '+/=', 'abc'), 18) || '0x') {ROWS};
        INSERT INTO credential SELECT gen_random_uuid(), 'password', format(
            '{{"value":"%s","salt":"%s"}}', encode(raw(32, n), 'base64'), hex(32, n)) {ROWS}""",
        {("secret_data", "value", SECRET, "text")},
    ),
    "kratos": (
        f"""CREATE TABLE identity_credentials (id uuid PRIMARY KEY, config jsonb);
        INSERT INTO identity_credentials SELECT gen_random_uuid(), CASE WHEN n % 2 = 0
            THEN jsonb_build_object('totp_url', uri(n))
            ELSE jsonb_build_object('hashed_password', '$2a$12$' || md5(n::text)) END {ROWS}""",
        {("config", "totp_url", OTPAUTH, "otpauth")},
    ),
    "guacamole": (
        f"""CREATE TABLE user_attribute (user_id int, attribute_name text, attribute_value text);
        INSERT INTO user_attribute SELECT n, 'guac-totp-key-secret', b32(32, n) {ROWS};
        INSERT INTO user_attribute SELECT n, 'guac-totp-key-confirmed', 'true' {ROWS};
        INSERT INTO user_attribute SELECT n, 'language', 'nb-NO' || n {ROWS}""",
        {("attribute_value", None, SECRET, "base32")},
    ),
    "flask-security": (
        f"""CREATE TABLE account (id serial PRIMARY KEY, tf_totp_secret text,
                                  mf_recovery_codes text);
        INSERT INTO account (tf_totp_secret, mf_recovery_codes)
        SELECT format('{{"key": "%s", "type": "totp", "v": 1}}', b32(32, n)),
               hex(10, n) || ',' || hex(10, n + 50) || ',' || hex(10, n + 100) {ROWS}""",
        {
            ("tf_totp_secret", "key", SECRET, "base32"),
            ("mf_recovery_codes", None, CODES, "text"),
        },
    ),
    "raw keys, a domain over char(n), a partitioned table": (
        f"""CREATE DOMAIN seed AS char(16);
        CREATE TABLE keys (id int, raw_otp_key bytea, totp_seed seed) PARTITION BY LIST (id);
        CREATE TABLE keys_all PARTITION OF keys DEFAULT;
        INSERT INTO keys SELECT n, raw(20, n), b32(16, n) {ROWS}""",
        {("raw_otp_key", None, SECRET, "bytes"), ("totp_seed", None, SECRET, "base32")},
    ),
    "vaultwarden": (
        f"""CREATE TABLE twofactor (uuid text PRIMARY KEY, atype int, data text);
        INSERT INTO twofactor SELECT 'a' || n, 0, b32(32, n) FROM generate_series(1, 20) AS n;
        INSERT INTO twofactor SELECT 'b' || n, 1, '{{"email":"a@b.c","last_sent":1}}' {ROWS}""",
        {("data", None, SECRET, "base32")},
    ),
    "a second secret that is kept as a backup": (
        f"""CREATE TABLE logins (id serial PRIMARY KEY, backup_totp_secret text);
        INSERT INTO logins (backup_totp_secret) SELECT b32(32, n) {ROWS}""",
        {("backup_totp_secret", None, SECRET, "base32")},
    ),
    "a table and its heir": (
        f"""CREATE TABLE parent (id int, mfa_secret text); CREATE TABLE heir () INHERITS (parent);
        INSERT INTO heir SELECT n, b32(32, n) {ROWS}""",
        {("mfa_secret", None, SECRET, "base32")},
    ),
    "no hint but the values": (
        f"""CREATE TABLE people (id serial PRIMARY KEY, secret text);
        INSERT INTO people (secret) SELECT b32(32, n) {ROWS}""",
        {("secret", None, SECRET, "base32")},
    ),
}

UNRELATED = f"""
CREATE TABLE accounts (aid int PRIMARY KEY, bid int, filler char(84));
INSERT INTO accounts SELECT n, 1, '' {ROWS};
CREATE TABLE people (id uuid PRIMARY KEY, email text, password text, avatar bytea, picture text,
                     recovery_email text, recovery_token text, api_key text, notes text, md5 text);
INSERT INTO people SELECT gen_random_uuid(), n || '@example.org', '$2b$12$' || md5(n::text),
    '\\x89504e470d0a1a0a'::bytea, 'data:image/png;base64,iVBORw0KGgo', 'r' || n || '@example.org',
    hex(56, n), hex(40, n), repeat('Lorem ipsum dolor sit amet ', n), md5(n::text) {ROWS};
CREATE TABLE files (id int, sha1 text, checksum text, digest bytea, blob text, tag text);
INSERT INTO files SELECT n, hex(40, n), md5(n::text), raw(32, n), md5('b' || n), 'v1.' || n {ROWS};
CREATE TABLE sessions (id text, data text, csrf text);
INSERT INTO sessions SELECT md5(n::text), encode(raw(32, n), 'base64'), md5('c' || n) {ROWS};
CREATE TABLE words (w text, code text, campaign text);
INSERT INTO words
SELECT 'internationalization' || repeat('abc', n), 'AB' || n, 'SUMMERINTHECITY2' {ROWS};
CREATE TABLE events (id int, payload jsonb, tags text[]);
INSERT INTO events SELECT n, jsonb_build_object('order', md5(n::text), 'lines', jsonb_build_array(
    jsonb_build_object('sku', 'ABCDEFGHIJKLMNOP', 'hash', md5(n::text)))), '{{red,green}}' {ROWS};
CREATE TABLE backups (id int, backup_name text, recovery_point text);
INSERT INTO backups SELECT n, 'nightly-' || n, 'lsn' || n {ROWS};
CREATE TABLE mfa_settings (id int, mfa_type text, otp_issuer text, otp_provider text, phone text,
                           otp_hash text, two_factor_session text);
INSERT INTO mfa_settings SELECT n, 'totp', 'Shop', 'google-authenticator', '+49123456' || n,
    md5(n::text), md5('s' || n) {ROWS};
CREATE TABLE footprints (option text, footprint_key text);
INSERT INTO footprints SELECT md5(n::text), 'left' || n {ROWS}
"""

TRIGGER = """
CREATE TABLE members (id int PRIMARY KEY, totp_secret text, name text);
CREATE TABLE members_history (id int, totp_secret text);
INSERT INTO members SELECT n, b32(32, n), 'u' || n FROM generate_series(1, 40) AS n;
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO members_history VALUES (OLD.id, OLD.totp_secret); RETURN NEW; END $$;
CREATE TRIGGER keep BEFORE UPDATE ON members FOR EACH ROW EXECUTE FUNCTION keep();
CREATE FUNCTION journal() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_notify('x', to_jsonb(OLD)::text); RETURN NEW; END $$;
CREATE TRIGGER journal AFTER UPDATE ON members FOR EACH ROW EXECUTE FUNCTION journal();
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    NEW.name := OLD.name; RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE UPDATE ON members FOR EACH ROW EXECUTE FUNCTION touch();
UPDATE members SET name = 'x' WHERE id <= 10
"""
