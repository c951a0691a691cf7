"""What the sample's layer brings."""


def join(*parts):
    return " ".join(str(part) for part in parts)
