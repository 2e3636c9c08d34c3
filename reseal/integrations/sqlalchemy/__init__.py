"""SQLAlchemy 2: sealed attributes of mapped classes, and a column type where rows are not bound.

    class User(Base):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)
        mfa_secret: Mapped[str | None] = mapped_column(Text)

    seal(User.mfa_secret, "users.mfa_secret", vault)

The vault may be given as a function that returns one, since models are there before the database.
"""

from reseal.integrations.sqlalchemy.attribute import seal
from reseal.integrations.sqlalchemy.type import SealedText

__all__ = ["SealedText", "seal"]
