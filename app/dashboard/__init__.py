"""The web page, and the files it needs: nothing is loaded from another host."""
