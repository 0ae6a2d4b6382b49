"""The NumPy backend: the living definition of every op, in the plainest NumPy there is."""
