"""Field types that several modules of the configuration share."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

# Names are parts of file names, of which most file systems allow 255 bytes.
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=100)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Probability = Annotated[float, Field(ge=0, le=1)]
Rate = Annotated[float, Field(ge=0, lt=1)]  # dropout, momentum and decay rates
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1, lt=2**63)]  # NumPy and TensorFlow count in 64 bits
Seed = Annotated[int, Field(ge=0, lt=2**31)]
Pooling = Literal["flatten", "average"]
Precision = Literal["float32", "mixed_float16"]  # Keras' names of data type policies
