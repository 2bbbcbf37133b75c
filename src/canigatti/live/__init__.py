"""The page of a study that runs or has failed, written from what is there: `canigatti page`."""
