package dev.hedgerow.nn;

import dev.hedgerow.engine.AveragePool;
import dev.hedgerow.engine.MaxPool;
import dev.hedgerow.engine.Window;

/**
 * Inception v3 (Szegedy et al., 2016) as torchvision has it. The head that helped training is left
 * out. Explanations begin at the output of the last module, {@code Mixed_7c}.
 *
 * @param width share of the published channels that each convolution has, 1 for the network itself
 * @param transformed whether pixels normalised by ImageNet's statistics are brought to −1..1 first,
 *     as torchvision's trained weights expect
 * @param countPadding whether the border of zeros counts in the means of average pools
 */
public record InceptionV3(double width, boolean transformed, boolean countPadding)
    implements Topology {
  private static final float EPSILON = 1e-3f;
  private static final Window POINT = Window.of(1, 1, 0);
  private static final Window HALVING = Window.of(3, 2, 0);

  @Override
  public Node build(Modules modules, Node input, int classes) {
    var net = new Net(modules.withEpsilon(EPSILON));
    Node x = transformed ? BasicConv2d.transformInput(modules, input) : input;
    x = net.unit("Conv2d_1a_3x3", x, 32, HALVING);
    x = net.unit("Conv2d_2a_3x3", x, 32, Window.of(3, 1, 0));
    x = net.unit("Conv2d_2b_3x3", x, 64, square(3));
    x = net.maxPool("maxpool1", x);
    x = net.unit("Conv2d_3b_1x1", x, 80, POINT);
    x = net.unit("Conv2d_4a_3x3", x, 192, Window.of(3, 1, 0));
    x = net.maxPool("maxpool2", x);
    x = net.a("Mixed_5b", x, 32);
    x = net.a("Mixed_5c", x, 64);
    x = net.a("Mixed_5d", x, 64);
    x = net.b("Mixed_6a", x);
    x = net.c("Mixed_6b", x, 128);
    x = net.c("Mixed_6c", x, 160);
    x = net.c("Mixed_6d", x, 160);
    x = net.c("Mixed_6e", x, 192);
    x = net.d("Mixed_7a", x);
    x = net.e("Mixed_7b", x);
    x = net.e("Mixed_7c", x);
    modules.startLayer(x);
    x = modules.adaptiveAveragePool("avgpool", x, 1, 1);
    x = modules.dropout("dropout", x);
    x = modules.flatten("flatten", x);
    return modules.linear("fc", x, classes);
  }

  /** The modules, each by its letter in torchvision. */
  private final class Net {
    private final Modules modules;

    Net(Modules modules) {
      this.modules = modules;
    }

    /** 1×1, 5×5, twice 3×3, and an average pool. */
    Node a(String name, Node x, int pooled) {
      Node one = unit(name + ".branch1x1", x, 64, POINT);
      Node five = unit(name + ".branch5x5_1", x, 48, POINT);
      five = unit(name + ".branch5x5_2", five, 64, square(5));
      Node three = unit(name + ".branch3x3dbl_1", x, 64, POINT);
      three = unit(name + ".branch3x3dbl_2", three, 96, square(3));
      three = unit(name + ".branch3x3dbl_3", three, 96, square(3));
      return modules.concat(name, one, five, three, averaged(name, x, pooled));
    }

    /** Halves the resolution: 3×3, twice 3×3, and a max pool. */
    Node b(String name, Node x) {
      Node three = unit(name + ".branch3x3", x, 384, HALVING);
      Node twice = unit(name + ".branch3x3dbl_1", x, 64, POINT);
      twice = unit(name + ".branch3x3dbl_2", twice, 96, square(3));
      twice = unit(name + ".branch3x3dbl_3", twice, 96, HALVING);
      return modules.concat(name, three, twice, maxPool(name + ".branch_pool", x));
    }

    /** 1×1, 7×7 and twice 7×7 as rows and columns, and an average pool. */
    Node c(String name, Node x, int inner) {
      Node one = unit(name + ".branch1x1", x, 192, POINT);
      Node seven = unit(name + ".branch7x7_1", x, inner, POINT);
      seven = unit(name + ".branch7x7_2", seven, inner, row(7));
      seven = unit(name + ".branch7x7_3", seven, 192, column(7));
      Node twice = unit(name + ".branch7x7dbl_1", x, inner, POINT);
      twice = unit(name + ".branch7x7dbl_2", twice, inner, column(7));
      twice = unit(name + ".branch7x7dbl_3", twice, inner, row(7));
      twice = unit(name + ".branch7x7dbl_4", twice, inner, column(7));
      twice = unit(name + ".branch7x7dbl_5", twice, 192, row(7));
      return modules.concat(name, one, seven, twice, averaged(name, x, 192));
    }

    /** Halves the resolution: 3×3, 7×7 then 3×3, and a max pool. */
    Node d(String name, Node x) {
      Node three = unit(name + ".branch3x3_1", x, 192, POINT);
      three = unit(name + ".branch3x3_2", three, 320, HALVING);
      Node seven = unit(name + ".branch7x7x3_1", x, 192, POINT);
      seven = unit(name + ".branch7x7x3_2", seven, 192, row(7));
      seven = unit(name + ".branch7x7x3_3", seven, 192, column(7));
      seven = unit(name + ".branch7x7x3_4", seven, 192, HALVING);
      return modules.concat(name, three, seven, maxPool(name + ".branch_pool", x));
    }

    /** 1×1, 3×3 and twice 3×3 whose last is a row beside a column, and an average pool. */
    Node e(String name, Node x) {
      Node one = unit(name + ".branch1x1", x, 320, POINT);
      Node three = unit(name + ".branch3x3_1", x, 384, POINT);
      three = cross(name + ".branch3x3", "_2", three);
      Node twice = unit(name + ".branch3x3dbl_1", x, 448, POINT);
      twice = unit(name + ".branch3x3dbl_2", twice, 384, square(3));
      twice = cross(name + ".branch3x3dbl", "_3", twice);
      return modules.concat(name, one, three, twice, averaged(name, x, 192));
    }

    private Node cross(String branch, String step, Node x) {
      Node row = unit(branch + step + "a", x, 384, row(3));
      Node column = unit(branch + step + "b", x, 384, column(3));
      return modules.concat(branch, row, column);
    }

    private Node averaged(String name, Node x, int channels) {
      var pool = new AveragePool(square(3), countPadding, false);
      x = modules.averagePool(name + ".avgpool", x, pool);
      return unit(name + ".branch_pool", x, channels, POINT);
    }

    Node maxPool(String name, Node x) {
      return modules.maxPool(name, x, new MaxPool(HALVING, false));
    }

    Node unit(String name, Node x, int channels, Window window) {
      int share = (int) Math.max(1, Math.round(width * channels));
      return BasicConv2d.add(modules, name, x, share, window);
    }
  }

  private static Window square(int size) {
    return Window.of(size, 1, size / 2);
  }

  private static Window row(int size) {
    return new Window(1, size, 1, 1, 1, 1, 0, size / 2, 0, size / 2);
  }

  private static Window column(int size) {
    return new Window(size, 1, 1, 1, 1, 1, size / 2, 0, size / 2, 0);
  }
}
