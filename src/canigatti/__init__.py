"""Which convolutional approach classifies a pair of photo classes best, at what cost, and how sure are we?"""

__version__ = "0.1.0"
