def describe_foreign(text: str) -> str:
    return "encrypted by another application"
