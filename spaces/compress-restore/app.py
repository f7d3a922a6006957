# Squeeze and restore: Autoencoders that squeeze, restore and explain.

from hub.app.space import main

main(["compress-restore"])
