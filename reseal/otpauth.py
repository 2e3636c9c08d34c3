"""The URI that enrols a phone, and the QR code that shows it."""

import io

import segno


class OtpauthUri(str):
    """An otpauth URI (Key Uri Format). It holds the secret, so its repr does not show it."""

    __slots__ = ()

    def qr_svg(self, scale: int = 4) -> str:
        """Draw it as an SVG document; a module is `scale` units wide."""
        return self._drawn("svg", scale).decode()

    def qr_png(self, scale: int = 4) -> bytes:
        """Draw it as a PNG image; a module is `scale` pixels wide."""
        return self._drawn("png", scale)

    def __repr__(self) -> str:
        return "OtpauthUri(***)"

    def _drawn(self, kind: str, scale: int) -> bytes:
        drawn = io.BytesIO()
        segno.make(str(self), micro=False).save(drawn, kind=kind, scale=scale)
        return drawn.getvalue()
