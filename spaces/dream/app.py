# Deep dreams: Eyes and faces, dreamt into your photo.

from hub.app.space import main

main(["dream"])
