"""What each setting and word of reseal.toml is for; which there are, the code says."""

SETTINGS = {
    "RESEAL_DATABASE_URL": (
        "the database, as a URL of libpq; not set: an embedded PostgreSQL in `.reseal/`, for "
        "trying out"
    ),
    "RESEAL_KEK": (
        "the key-encryption key: `file:PATH`, `env:NAME`, `awskms:KEY`, `pkcs11:…`; two with a "
        "blank "
        "between while one replaces the other; not set: needed with a database URL, else made in "
        "`.reseal/`"
    ),
    "RESEAL_BACKUP_KEK": (
        "the key that seals backups, in the same form; another key, which preflight sees to; "
        "needed "
        "unless the backup is skipped"
    ),
    "RESEAL_NEW_KEK": "where `reseal keys rewrap` moves the data keys to, if not `--to`",
    "RESEAL_PKCS11_MODULE": "the library of the token, where a `pkcs11:` URI has no `module-path`",
    "RESEAL_CONFIG": "`reseal.toml`; not set: that in the working directory",
    "RESEAL_EVIDENCE": (
        "where each run leaves its record: a directory or an fsspec URL; not set: `evidence` in "
        "`[reseal]`"
    ),
    "RESEAL_EVIDENCE_LINK": (
        "where people read the evidence over HTTP, for links on a run's page in Prefect; "
        "`reseal serve` sets it; not set: no links"
    ),
    "RESEAL_EVIDENCE_KEY": (
        "who signs the record: `file:PATH`, `env:NAME`, `awskms:KEY`, `pkcs11:…`; not set: a key "
        "kept "
        "beside it, wrapped by the KEK"
    ),
    "RESEAL_ACTOR": (
        "who is at work, for the audit log; not set: the account of the operating system"
    ),
    "RESEAL_LOG": (
        "`json` or `console`: log lines with the run's id on standard error; not set: warnings only"
    ),
    "RESEAL_ENVIRONMENT": "`development` allows `--skip-backup`; not set: `production`",
}

VARIABLES = (
    ("PREFECT_API_URL", "your Prefect server; not set: a local one for the length of the command"),
    (
        "AWS_REGION, AWS_ENDPOINT_URL_KMS, AWS_MAX_ATTEMPTS",
        "and credentials, as boto3 reads them, for `awskms:`",
    ),
    ("RESEAL_HOME", "where the checkout is on a worker's machine, for `deployments/prefect.yaml`"),
)

_FIELD = {
    "name": "what is bound into every envelope, and what `--field` takes; never change it",
    "table": "`schema.table`; without a schema that of `public`",
    "column": "the column that holds secrets, or documents that do",
    "key": "the columns of the row key; default: the primary key",
    "format": "what a secret looks like in the clear; default `base32`",
    "where": "SQL that says which rows belong to the field; default all",
    "empty": 'values besides NULL that mean that there is no secret; default `[""]`',
    "bind": "whether an envelope opens in its own row only; default `row`",
    "path": "the leaf, where the column holds JSON: `a.b`, `a[0]`, `a[*]`, `a[type=totp].b`",
    "declared": "your word that sizes which could be ciphertext are secrets in the clear",
    "store": (
        "`side`, where no envelope fits: it stands in `reseal.aside`, and a mark in the column; "
        "default `column`"
    ),
    "triggers": (
        "whether a sweep sets off the table's triggers; default: it does, and preflight warns of "
        "those "
        "that copy a secret"
    ),
    "bound_name": (
        'with `bind = "field"`: the name in the envelopes, which several fields may share'
    ),
    "digits": "how many digits a code has; default 6",
    "period": "for how many seconds a code is shown; default 30",
    "digest": "the hash that codes are made with; default `SHA1`",
}

TABLES = {
    "reseal": (
        "All of it may be left out.",
        {
            "schema": "where Reseal keeps its own tables; default `reseal`",
            "evidence": "a directory, or a URL such as `s3://bucket/at`; default `evidence`",
            "application": "the applications' database role; a run grants it what it needs",
            "most_quarantined_percent": (
                "a run stops where more of the values cannot be sealed; default 10; 100: never"
            ),
            "plots": "whether the page of a run has plots, which take a second; default true",
        },
    ),
    "keys": (
        "Periods in days, which the gates of `keys disable` and `keys destroy` ask for.",
        {
            "cryptoperiod_days": "how long a key may seal; default 365",
            "read_window_days": (
                "before a key is disabled, nothing was opened under it for so long; default 7"
            ),
            "disabled_days": "before a key is destroyed, it was disabled for so long; default 7",
            "base_backups_kept_days": (
                "how long backups of the database are kept, by whomever; 0 where there are none; "
                "not "
                "said: a gate stays closed"
            ),
        },
    ),
    "backup": (
        "About the originals that each run keeps.",
        {
            "kept_days": "after so many days a backup is called expired; default 90",
            "to": "a directory or URL for a proven copy of every backup; default none",
        },
    ),
    "approval": (
        "For runs with `--require-approval`.",
        {"by_another": "nobody approves the run that she started; default false"},
    ),
    "clean": (
        "How far a run cleans, and how long others keep what it cannot reach.",
        {
            "rewrite": "whether rows are written once more over old bytes; default true",
            "lock": (
                "whether VACUUM FULL may lock the table where nothing else helps; default false"
            ),
            "archives_kept_days": "how long the archive of the write-ahead log is kept",
            "dumps_kept_days": "how long dumps are kept",
            "logs_kept_days": "how long the server's logs are kept",
        },
    ),
    "optimise": (
        "What is asked at login, where `pg_stat_statements` does not tell.",
        {"queries": "the queries, with `$1` and so on for what they look up"},
    ),
    "run": (
        "Where spans of rows are worked off.",
        {
            "runner": "by the run's own processes (`threads`, the default), Prefect's, or Dask",
            "workers": (
                "how many work, in the modes standard and aggressive; default two, or as many as "
                "there are cores"
            ),
            "scheduler": (
                "the address of a Dask cluster, such as `tls://scheduler.example.com:8786`; "
                "default one on this machine that ends with the run"
            ),
        },
    ),
    "pace": (
        "When and how hard a run works.",
        {
            "only_between": "two times of the day, such as `01:00-05:00`; outside no run begins",
            "timezone": "that of the times above and below, such as `Europe/Zurich`; default UTC",
            "done_by": "a run that will be later says so; no limit gives way to it",
            "rest": "seconds of rest after a second of work, in place of the mode's",
            "server_cores": "of a server elsewhere, which does not tell",
            "patience_seconds": "for how long a run may be paused by a limit before it stops",
            "blind_seconds": "for how long nothing may be known of the server before it stops",
            "limits": "limits in place of the mode's; see below",
        },
    ),
    "field": ("One for each column, or each leaf of a document, that holds secrets.", _FIELD),
}
