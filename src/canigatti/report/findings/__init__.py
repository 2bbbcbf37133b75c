"""The findings of the original study, tested on this study's results."""
