"""The recogniser as a static page: plain HTML and ES modules that run two ONNX graphs in the visitor's browser.

    python -m experiments.recogniser.page OUT

Reading order: command, graphs (what runs in the browser), onnxruntime_web (what runs it), card (what the page says
about the network), building (the files), serving. The page itself is in site/: page.mjs, and the modules it imports.
"""
