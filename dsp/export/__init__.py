"""What other programs need to compute the same features.

golden         golden vectors: signals, every step of dsp.trace and the features of presets, as .npz and as JSON
signals        the signals they are computed from: synthetic speech, and what ports fail on
tolerances     how far another program's numbers may be off by rounding
readme         the text that lies beside the golden vectors
golden_command, ..     the arguments and the report of each subcommand;  options: the arguments that they share

onnx_file      a convention as an ONNX graph;  onnx_loader: reads, checks and runs it
onnx_graph, onnx_cepstra   the steps of dsp/mfcc.py as operators;  onnx_nodes: a graph while it is built
two_factors    the tables of a DFT in two matrix products

c_code         a convention as one C99 file with a header and a program around it
matlab_code    a convention as one MATLAB function;  matlab_filters, matlab_cepstra, matlab_numbers: parts of it
generated      names and comments inside generated source files

From a convention and a trained network to a phone: "Take a model to a phone" in dsp/README.md.

    python -m dsp.export golden FOLDER
    python -m dsp.export onnx kaldi --sample-rate 16000 --out kaldi.onnx
    python -m dsp.export c kaldi --sample-rate 16000 --out firmware
    python -m dsp.export matlab kaldi --sample-rate 16000 --out kaldi_mfcc.m
"""

from dsp.export.c_code import CFiles
from dsp.export.c_code import write_c as c
from dsp.export.golden import write_golden
from dsp.export.matlab_code import MatlabFile
from dsp.export.matlab_code import write_matlab as matlab
from dsp.export.onnx_file import onnx
from dsp.export.onnx_loader import OnnxFeatures, load_onnx

__all__ = ["CFiles", "MatlabFile", "OnnxFeatures", "c", "load_onnx", "matlab", "onnx", "write_golden"]
