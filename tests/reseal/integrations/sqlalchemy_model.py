"""The table `users`, mapped by SQLAlchemy as an application does."""

from sqlalchemy import BigInteger, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from reseal.integrations.sqlalchemy import seal

FIELD, OTHER = "users.mfa_secret", "NEWNEWNEWNEWNEWN"


def model(vault, field=FIELD):
    """Return the model with its secret sealed."""

    class Base(DeclarativeBase):
        pass

    class User(Base):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
        email: Mapped[str] = mapped_column(Text)
        mfa_secret: Mapped[str | None] = mapped_column(Text)

    seal(User.mfa_secret, field, vault)
    return User
