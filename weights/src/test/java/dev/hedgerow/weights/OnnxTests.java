package dev.hedgerow.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.Input;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What the tests of the ONNX reader share. */
final class OnnxTests {
  private OnnxTests() {}

  /** Returns the values 0, 1, 2, ... */
  static float[] count(int size) {
    float[] values = new float[size];
    for (int i = 0; i < size; i++) values[i] = i;
    return values;
  }

  /** Runs every layer of a network, a closing softmax included. */
  static Tensor run(Graph graph, Tensor x) {
    Map<Node, Tensor> values = new HashMap<>();
    for (Node node : graph.nodes()) {
      List<Tensor> inputs = new ArrayList<>();
      for (Node input : node.inputs()) inputs.add(values.get(input));
      values.put(
          node,
          node.layer() instanceof Input ? x : node.layer().forward(Engine.reference(), inputs));
    }
    return values.get(graph.output());
  }

  /** Runs a model on 0, 1, 2, ... and compares its output's shape and values. */
  static void assertCounted(OnnxWriter model, Shape shape, float... expected)
      throws FormatException {
    Graph graph = model.read().graph();
    Shape input = graph.input().shape();
    assertOutput(graph, Tensor.of(input, count(input.size())), shape, expected);
  }

  /** Runs a model on given values and compares its output's shape and values. */
  static void assertMapped(OnnxWriter model, float[] x, Shape shape, float... expected)
      throws FormatException {
    Graph graph = model.read().graph();
    assertOutput(graph, Tensor.of(graph.input().shape(), x), shape, expected);
  }

  private static void assertOutput(Graph graph, Tensor x, Shape shape, float... expected) {
    assertEquals(shape, graph.output().shape());
    Tensor y = run(graph, x);
    assertEquals(shape, y.shape());
    float[] values = y.toArray();
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], values[i], 1e-6f * Math.max(1, Math.abs(expected[i])), "at " + i);
    }
    assertEquals(expected.length, values.length);
  }

  /** Checks the message of the error that a model gives. */
  static void assertRefused(String message, OnnxWriter model) {
    var error = assertThrows(FormatException.class, model::read);
    assertEquals("net.onnx: " + message, error.getMessage());
  }
}
