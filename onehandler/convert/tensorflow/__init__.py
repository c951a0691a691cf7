"""TensorFlow's kinds of model, one file each. All but TFLite become a `Function` first, which becomes ONNX.

Nothing is imported here: who builds from another framework need not have TensorFlow.
"""
