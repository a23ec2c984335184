"""The steps of a cell over a window, and their reverse: tensor calls, native loops; gains."""
