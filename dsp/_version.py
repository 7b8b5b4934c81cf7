"""The version of the distribution, read by pyproject.toml and shown as dsp.__version__."""

__version__ = "0.9.0"
