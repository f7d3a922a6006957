"""What is told before the server starts."""

import spaces


def startup():
    spaces.note("startup")
