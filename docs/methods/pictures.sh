#!/bin/sh
# Draws docs/images/methods/NAME.png for every method, and all of them in one grid.
#
# usage: sh docs/methods/pictures.sh MODEL.onnx     (GoogLeNet with Caffe's preprocessing)
set -eu

model=${1:?usage: sh docs/methods/pictures.sh MODEL.onnx}
images=docs/images/methods
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
mkdir -p "$images"

explain() {
  ./hedgerow explain docs/images/meadow.jpg --model "$model" --preprocess caffe \
    --target ladybug,daisy --out "$out" "$@"
}

for method in $(./hedgerow methods | cut -d ' ' -f 1); do
  explain --method "$method" >/dev/null
  cp "$out/meadow.grid.png" "$images/$method.png"
done
explain --method all
cp "$out/meadow.grid.png" "$images/all.png"
