"""Which convolutional approach classifies these photos best, at what cost, and how sure are we?"""

__version__ = "0.1.0"
