"""The conclusions of the original study, tested on the results of this study."""
