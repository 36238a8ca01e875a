#!/bin/sh
# Draws docs/images/methods/NAME.jpg for every method.
#
# usage: sh docs/methods/pictures.sh MODEL.onnx     (GoogLeNet with Caffe's preprocessing)
set -eu

model=${1:?usage: sh docs/methods/pictures.sh MODEL.onnx}
images=docs/images/methods
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
mkdir -p "$images"

for method in $(./hedgerow methods | cut -d ' ' -f 1); do
  ./hedgerow explain docs/images/meadow.jpg --model "$model" --preprocess caffe \
    --target ladybug,daisy --method "$method" --out "$out" >/dev/null
  java build/Jpeg.java "$out/meadow.grid.png" "$images/$method.jpg" 0.7
done
