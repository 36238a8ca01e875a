package dev.hedgerow.attribution;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hedgerow.attribution.Attributor.Request;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Recording;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Questions answered in one walk are answered as one by one, bit for bit. */
class SharedWalkTest {
  private final Engine engine = Engine.sequential();

  /** Gradient Hedge and its ablations; others answer one question after the other. */
  static List<Attributor> methods() {
    List<Attributor> methods =
        Methods.standard().allWithVariants().stream().filter(Attributor::sharesWork).toList();
    assertEquals(5, methods.size());
    return methods;
  }

  @ParameterizedTest
  @MethodSource("methods")
  void aSharedWalkGivesTheBitsOfSingleOnes(Attributor method) {
    for (Graph graph : List.of(Nets.a(), Nets.b(), Nets.normalized())) {
      var requests = new ArrayList<Request>();
      for (int target = 0; target < 3; target++) {
        for (float gamma : new float[] {1, 1.5f, 2}) {
          requests.add(new Request(target, Options.standard().withGamma(gamma)));
        }
      }
      requests.add(requests.get(4));
      requests.add(new Request(1, Options.standard().withStartLayer("relu1")));
      Recording recording =
          graph.record(
              engine, Det.tensor(26, 1, 3, 8, 8), graph.node("relu1"), graph.node("relu2"));
      List<Attribution> together = method.explainAll(engine, recording, requests);
      assertEquals(requests.size(), together.size());
      for (int k = 0; k < requests.size(); k++) {
        Request request = requests.get(k);
        Attribution alone = method.explain(engine, recording, request.target(), request.options());
        assertArrayEquals(alone.relevance().toArray(), together.get(k).relevance().toArray(), 0f);
        assertEquals(alone.layers(), together.get(k).layers());
        assertEquals(alone.warnings(), together.get(k).warnings());
        assertEquals(request.target(), together.get(k).target());
      }
    }
  }
}
