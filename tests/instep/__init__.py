"""Several processes on one base: in step with each other, and consistent after a SIGKILL."""
