package dev.hedgerow.nn.train;

import dev.hedgerow.engine.BatchStatistics;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Family;
import dev.hedgerow.nn.Graph;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;

/**
 * Trains a network by stochastic gradient descent with momentum (Sutskever et al., 2013, as PyTorch
 * has it): of a parameter w with gradient g
 *
 * <pre>
 * v ← momentum·v + g + decay·w        w ← w − rate·v
 * </pre>
 *
 * It computes on the {@linkplain Engine#exact exact} engine: the same start and batches give the
 * same bits, whatever the number of threads. The state after any step can be taken out and gone on
 * with.
 */
public final class Trainer {
  /** The share of a batch in the running statistics, as PyTorch has it. */
  private static final double STATISTICS_MOMENTUM = 0.1;

  private final Engine engine;
  private final Family family;
  private final int classes;
  private final Loss loss;
  private final Schedule schedule;
  private State state;

  /**
   * Where a training stands.
   *
   * @param step how many steps were taken
   * @param parameters running statistics included, in the order in which the network uses them
   * @param velocity of each parameter that is learned
   */
  public record State(
      int step, Map<String, Parameter> parameters, Map<String, Parameter> velocity) {
    public State {
      parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
      velocity = Collections.unmodifiableMap(new LinkedHashMap<>(velocity));
    }
  }

  /** Creates a trainer that goes on from a state. */
  public Trainer(
      Engine engine, Family family, int classes, Loss loss, Schedule schedule, State state) {
    this.engine = engine.exact();
    this.family = family;
    this.classes = classes;
    this.loss = loss;
    this.schedule = schedule;
    this.state = state;
  }

  /**
   * Returns the state before the first step: weights of variance 2/fan-in (He et al., 2015),
   * normalisations that change nothing, biases of 0.
   */
  public static State start(Family family, int classes, long seed) {
    var random = new SplittableRandom(seed);
    var parameters = new LinkedHashMap<String, Parameter>();
    var velocity = new LinkedHashMap<String, Parameter>();
    family
        .parameters(classes)
        .forEach(
            (name, shape) -> {
              parameters.put(name, Parameter.of(shape, initial(name, shape, random)));
              if (isLearned(name)) {
                velocity.put(name, Parameter.of(shape, new float[shape.size()]));
              }
            });
    return new State(0, parameters, velocity);
  }

  private static float[] initial(String name, Shape shape, SplittableRandom random) {
    float[] values = new float[shape.size()];
    if (shape.rank() > 1) {
      double spread = StrictMath.sqrt(2.0 * shape.extent(0) / shape.size());
      for (int i = 0; i < values.length; i++) values[i] = (float) (spread * gaussian(random));
    } else if (name.endsWith(".weight") || name.endsWith(".running_var")) {
      Arrays.fill(values, 1);
    }
    return values;
  }

  /** Returns a normally distributed number (Box and Muller), the same on every platform. */
  private static double gaussian(SplittableRandom random) {
    double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - random.nextDouble()));
    return radius * StrictMath.cos(2 * StrictMath.PI * random.nextDouble());
  }

  private static boolean isLearned(String name) {
    return !name.contains(".running_");
  }

  /** Returns where the training stands. */
  public State state() {
    return state;
  }

  /**
   * Takes one step.
   *
   * @param images {@code [N, C, H, W]}; not modified
   * @param targets {@code [N, classes]}; not modified
   * @return the mean loss of the batch before the step
   * @throws ArithmeticException if the loss is not a finite number
   */
  public double step(Tensor images, Tensor targets) {
    Map<String, Parameter> parameters = state.parameters;
    Graph graph =
        family.graph(
            images.shape().with(0, 1),
            classes,
            (name, shape) -> Objects.requireNonNull(parameters.get(name), name));
    try (Engine.Lease lease = engine.lease()) {
      var pass = new TrainingPass(lease.engine(), graph, parameters, images);
      Loss.Value value = loss.of(pass.logits(), targets);
      if (!Double.isFinite(value.value())) {
        throw new ArithmeticException(
            "the loss of step %d is %s: a lower rate may help"
                .formatted(state.step, value.value()));
      }
      update(pass.gradients(value.gradient()), pass.statistics());
      return value.value();
    }
  }

  private void update(Map<String, Parameter> gradients, Map<String, BatchStatistics> statistics) {
    double rate = schedule.rate(state.step);
    var parameters = new LinkedHashMap<>(state.parameters);
    var velocity = new LinkedHashMap<>(state.velocity);
    state.velocity.forEach(
        (name, old) -> {
          Parameter parameter = Objects.requireNonNull(state.parameters.get(name), name);
          float[] w = parameter.toArray();
          float[] v = old.toArray();
          float[] g = Objects.requireNonNull(gradients.get(name), name).toArray();
          float momentum = (float) schedule.momentum();
          float decay = parameter.shape().rank() > 1 ? (float) schedule.decay() : 0;
          for (int i = 0; i < w.length; i++) {
            v[i] = momentum * v[i] + (g[i] + decay * w[i]);
            w[i] -= (float) rate * v[i];
          }
          parameters.put(name, Parameter.of(parameter.shape(), w));
          velocity.put(name, Parameter.of(parameter.shape(), v));
        });
    statistics.forEach(
        (name, batch) -> {
          // The variance of a sample underestimates that of all by a factor of (n − 1)/n.
          double unbiased = batch.count() / Math.max(1.0, batch.count() - 1);
          follow(parameters, name + ".running_mean", batch.mean(), 1);
          follow(parameters, name + ".running_var", batch.variance(), unbiased);
        });
    state = new State(state.step + 1, parameters, velocity);
  }

  /** Moves a running statistic towards that of a batch. */
  private static void follow(
      Map<String, Parameter> parameters, String name, Parameter batch, double factor) {
    float[] running = Objects.requireNonNull(parameters.get(name), name).toArray();
    for (int c = 0; c < running.length; c++) {
      running[c] += (float) (STATISTICS_MOMENTUM * (batch.get(c) * factor - running[c]));
    }
    parameters.put(name, Parameter.of(batch.shape(), running));
  }
}
