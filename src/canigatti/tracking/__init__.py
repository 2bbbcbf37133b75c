"""A study in the tools that others track experiments with: `canigatti log-to-mlflow`."""
