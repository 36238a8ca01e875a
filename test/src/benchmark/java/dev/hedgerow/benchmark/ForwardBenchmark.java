package dev.hedgerow.benchmark;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.weights.OnnxModel;
import dev.hedgerow.weights.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ForkJoinPool;

/**
 * Times the forward pass of an ONNX model, ours and ONNX Runtime's alternately in one process, and
 * prints medians and their ratio: {@code MODEL.onnx [threads] [rounds]}. {@code fill MODEL.onnx
 * WEIGHTS BYTES} first writes the external weights of a model that came without them.
 */
final class ForwardBenchmark {
  private ForwardBenchmark() {}

  public static void main(String[] arguments) throws Exception {
    if (arguments[0].equals("fill")) {
      fill(Path.of(arguments[1]), Path.of(arguments[2]), Long.parseLong(arguments[3]));
      return;
    }
    Path file = Path.of(arguments[0]);
    int threads = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 2;
    int rounds = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 40;
    Graph graph = OnnxModel.read(file).graph();
    Shape shape = graph.input().shape();
    var random = new Random(1);
    float[] pixels = new float[shape.size()];
    for (int i = 0; i < pixels.length; i++) pixels[i] = (float) random.nextGaussian();
    Tensor x = Tensor.of(shape, pixels);
    long[] extents = Arrays.stream(shape.toArray()).asLongStream().toArray();

    var environment = OrtEnvironment.getEnvironment();
    var options = new OrtSession.SessionOptions();
    options.setIntraOpNumThreads(threads);
    try (var pool = new ForkJoinPool(threads);
        OrtSession session = environment.createSession(file.toString(), options);
        OnnxTensor input =
            OnnxTensor.createTensor(environment, FloatBuffer.wrap(pixels), extents)) {
      Engine engine = threads == 1 ? Engine.sequential() : Engine.parallel(pool);
      String name = session.getInputNames().iterator().next();
      double[] ours = new double[rounds];
      double[] theirs = new double[rounds];
      float[] expected = new float[0];
      float[] actual = new float[0];
      for (int round = -rounds / 2; round < rounds; round++) {
        long start = System.nanoTime();
        actual = graph.run(engine, x).toArray();
        long middle = System.nanoTime();
        try (OrtSession.Result result = session.run(Map.of(name, input))) {
          FloatBuffer logits = ((OnnxTensor) result.get(0)).getFloatBuffer();
          expected = new float[logits.remaining()];
          logits.get(expected);
        }
        long end = System.nanoTime();
        // ONNX Runtime's threads spin for a while after a run, on the cores that ours need next.
        Thread.sleep(50);
        if (round < 0) continue;
        ours[round] = (middle - start) / 1e6;
        theirs[round] = (end - middle) / 1e6;
      }
      Arrays.sort(ours);
      Arrays.sort(theirs);
      double mine = ours[rounds / 2];
      double reference = theirs[rounds / 2];
      System.out.printf(
          "%s, %d threads, %s: Hedgerow %.1f ms (best %.1f), ONNX Runtime %.1f ms (best %.1f), ratio %.2f%n",
          file.getFileName(),
          threads,
          engine.kernelName(),
          mine,
          ours[0],
          reference,
          theirs[0],
          mine / reference);
      System.out.printf(
          "largest difference of the logits: %.2e of the largest%n", difference(expected, actual));
    }
  }

  private static double difference(float[] expected, float[] actual) {
    double largest = 0;
    double difference = 0;
    for (int i = 0; i < actual.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      difference = Math.max(difference, Math.abs(expected[i] - actual[i]));
    }
    return difference / largest;
  }

  /**
   * Writes the external weights a model names: He-scaled pseudo-random numbers for matrices and
   * kernels, 1 in vectors, which makes batch normalizations the identity.
   */
  private static void fill(Path model, Path weights, long bytes) throws IOException {
    try (var channel =
        FileChannel.open(
            weights,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(1), bytes - 1);
      var random = new Random(1);
      for (TensorInfo tensor : OnnxModel.read(model).tensors()) {
        Shape shape = tensor.shape();
        int outputs = shape.rank() == 0 ? 1 : shape.extent(0);
        double scale = Math.sqrt(2.0 * outputs / shape.size());
        ByteBuffer values = ByteBuffer.allocate(4 * shape.size()).order(ByteOrder.LITTLE_ENDIAN);
        while (values.hasRemaining()) {
          values.putFloat(shape.rank() > 1 ? (float) (scale * random.nextGaussian()) : 1f);
        }
        channel.write(values.flip(), tensor.offset());
      }
    }
  }
}
