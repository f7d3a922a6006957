# What a filter sees: A network draws what its filters look for.

from hub.app.space import main

main(["see"])
