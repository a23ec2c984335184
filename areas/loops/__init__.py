"""The steps of a cell over a window, and their reverse: by tensor calls and native loops; gains."""
