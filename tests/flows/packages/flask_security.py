"""Flask-Security-Too: two factors and unified sign-in, through its own views."""

from functools import cached_property
from typing import Any
from uuid import uuid4

import psycopg
import pyotp
from flask import Flask
from flask_security import Security, SQLAlchemyUserDatastore
from flask_security.models import fsqla_v3
from flask_security.models.fsqla import FsModels
from flask_sqlalchemy import SQLAlchemy
from psycopg_pool import ConnectionPool

from reseal import Vault
from reseal.integrations.sqlalchemy import seal
from reseal.settings import Settings
from tests.flows.packages.package import Package, serve

db = SQLAlchemy()
FsModels.set_db_info(db, user_table_name="fs_user", role_table_name="fs_role")

PASSWORD = "correct horse"
EVERY_SO_MANY_WITHOUT_PASSWORD = 4

SETTINGS = {
    "SECRET_KEY": "of the test",
    "SECURITY_PASSWORD_SALT": "of the test",
    # Hashing a password is most of a login, and no part of this.
    "SECURITY_PASSWORD_HASH": "plaintext",
    "SECURITY_PASSWORD_SINGLE_HASH": True,
    "SECURITY_TOTP_SECRETS": {"1": "by which the package encrypts them itself"},
    "SECURITY_TOTP_ISSUER": "Acme",
    "SECURITY_TWO_FACTOR": True,
    "SECURITY_TWO_FACTOR_REQUIRED": True,
    "SECURITY_TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
    "SECURITY_UNIFIED_SIGNIN": True,
    "SECURITY_US_ENABLED_METHODS": ["password", "authenticator"],
    "WTF_CSRF_ENABLED": False,
}


class Role(db.Model, fsqla_v3.FsRoleMixin):  # type: ignore[misc,name-defined]
    """The package's roles."""

    __tablename__ = "fs_role"


class User(db.Model, fsqla_v3.FsUserMixin):  # type: ignore[misc,name-defined]
    """The package's users."""

    __tablename__ = "fs_user"


class WebAuthn(db.Model, fsqla_v3.FsWebAuthnMixin):  # type: ignore[misc,name-defined]
    """The package's security keys, which its users have a relationship to."""

    __tablename__ = "fs_webauthn"


class FlaskSecurity(Package):
    """The table `fs_user`; everything else than making users goes through the views."""

    def __init__(self) -> None:
        self._url = str(Settings.from_environment().database_url)
        self._logins = 0
        self._datastore = SQLAlchemyUserDatastore(db, User, Role)

    @cached_property
    def _app(self) -> Flask:
        app = Flask(__name__)
        engine = {"creator": lambda: psycopg.connect(self._url, prepare_threshold=None)}
        app.config.update(
            SETTINGS,
            SQLALCHEMY_DATABASE_URI="postgresql+psycopg://",
            SQLALCHEMY_ENGINE_OPTIONS=engine,
        )
        db.init_app(app)
        Security(app, self._datastore)
        return app

    def attach(self) -> None:
        vault = Vault.connect(ConnectionPool(self._url, min_size=1, open=True))
        seal(User.tf_totp_secret, "fs_user.tf_totp_secret", vault)
        seal(User.us_totp_secrets, "fs_user.us_totp_secrets", vault)

    def create(self) -> None:
        with self._app.app_context():
            db.create_all()

    def enrol(self, number: int) -> tuple[str, str]:
        email = f"flask{number}@example.com"
        self._register(email)
        browser = self._app.test_client()
        assert self._post(browser, "login", email=email, password=PASSWORD)["tf_required"]
        shown = self._post(browser, "tf-setup", setup="authenticator")["tf_authr_b32key"]
        code = pyotp.TOTP(shown).now()
        assert self._post(browser, "tf-validate", code=code)
        self._allow_without_password(email)
        return email, shown

    def accepts(self, user: str, code: str) -> bool:
        browser = self._app.test_client()
        self._logins += 1
        if self._logins % EVERY_SO_MANY_WITHOUT_PASSWORD == 0:
            return self._post(browser, "us-signin", identity=user, passcode=code) is not None
        assert self._post(browser, "login", email=user, password=PASSWORD)
        return self._post(browser, "tf-validate", code=code) is not None

    def _register(self, email: str) -> None:
        with self._app.app_context():
            words = {"email": email, "password": PASSWORD, "fs_uniquifier": uuid4().hex}
            self._datastore.create_user(**words)
            self._datastore.commit()

    def _allow_without_password(self, email: str) -> None:
        # The same secret for both, so that the user has one phone.
        with self._app.app_context():
            user = self._datastore.find_user(email=email)
            assert user
            self._datastore.us_set(user, "authenticator", user.tf_totp_secret)
            self._datastore.commit()

    @staticmethod
    def _post(browser: Any, view: str, **words: str) -> Any:
        """Post to a view; what it answers, or None where that is a refusal."""
        answer = browser.post(f"/{view}", json=words)
        assert answer.status_code in {200, 400}, f"{view}: {answer.status}"
        return answer.json["response"] if answer.status_code == 200 else None


if __name__ == "__main__":
    serve(FlaskSecurity())
