"""The Docker backend: images and containers of instances, driven through the installed harness."""
