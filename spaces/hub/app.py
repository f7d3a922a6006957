# Netsee: See what neural networks see.

from hub.app.space import main

main()
