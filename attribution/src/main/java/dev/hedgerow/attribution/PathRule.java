package dev.hedgerow.attribution;

/** How an integral over 0..1 becomes a sum {@code Σ_k weight_k f(point_k)}. */
enum PathRule {
  /** n points that are exact for polynomials up to degree 2n − 1. */
  GAUSS_LEGENDRE {
    @Override
    Sum of(int n) {
      double[] points = new double[n];
      double[] weights = new double[n];
      for (int k = 0; k < n; k++) {
        // Newton's iteration for the k-th root of the Legendre polynomial P_n.
        double root = Math.cos(Math.PI * (k + 0.75) / (n + 0.5));
        double slope = 0;
        for (int iteration = 0; iteration < 10; iteration++) {
          double value = 1;
          double before = 0;
          for (int j = 1; j <= n; j++) {
            double next = ((2 * j - 1) * root * value - (j - 1) * before) / j;
            before = value;
            value = next;
          }
          slope = n * (root * value - before) / (root * root - 1);
          root -= value / slope;
        }
        points[k] = (1 - root) / 2;
        weights[k] = 1 / ((1 - root * root) * slope * slope);
      }
      return new Sum(points, weights);
    }
  },
  /** The middles of n equal steps. */
  MIDPOINT {
    @Override
    Sum of(int n) {
      Sum sum = Sum.even(n, n);
      for (int k = 0; k < n; k++) sum.points()[k] = (k + 0.5) / n;
      return sum;
    }
  },
  /** The n + 1 ends of n equal steps, the outer two with half the weight. */
  TRAPEZOID {
    @Override
    Sum of(int n) {
      Sum sum = Sum.even(n + 1, n);
      sum.weights()[0] /= 2;
      sum.weights()[n] /= 2;
      return sum;
    }
  },
  /** The n + 1 ends of n equal steps with the weight 1/n each, which add up to more than 1. */
  ENDS {
    @Override
    Sum of(int n) {
      return Sum.even(n + 1, n);
    }
  };

  /** Points in 0..1 and their weights. */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record Sum(double[] points, double[] weights) {
    private static Sum even(int count, int steps) {
      var sum = new Sum(new double[count], new double[count]);
      for (int k = 0; k < count; k++) {
        sum.points[k] = (double) k / steps;
        sum.weights[k] = 1.0 / steps;
      }
      return sum;
    }
  }

  /** Returns the sum for n steps. */
  abstract Sum of(int n);
}
