package dev.hedgerow.weights;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a pickle holds, as far as a checkpoint needs it; nothing here has behaviour of the file's.
 * Containers may contain themselves, so that nothing walks through them without a bound.
 */
sealed interface Pickled {
  /** A value that is skipped: a float, bytes, a device, a set. */
  record Opaque(String kind) implements Pickled {}

  /** {@code True} or {@code False}. */
  record Flag(boolean value) implements Pickled {}

  /** An integer that fits into a {@code long}. */
  record Int(long value) implements Pickled {}

  /** Any other integer. */
  record BigInt(BigInteger value) implements Pickled {}

  /** A string. */
  record Text(String value) implements Pickled {}

  /** A tuple. */
  record Tuple(List<Pickled> items) implements Pickled {}

  /** A list. */
  final class Sequence implements Pickled {
    final List<Pickled> items = new ArrayList<>();
  }

  /** A dict, an ordered one or not: its items in the order in which they were set. */
  final class Dict implements Pickled {
    final List<Pickled> keys = new ArrayList<>();
    final List<Pickled> values = new ArrayList<>();

    void put(Pickled key, Pickled value) {
      keys.add(key);
      values.add(value);
    }

    /** Returns the last dict that was set under a name. */
    Optional<Dict> dict(String name) {
      for (int i = keys.size() - 1; i >= 0; i--) {
        if (keys.get(i) instanceof Text key && key.value.equals(name)) {
          return values.get(i) instanceof Dict dict ? Optional.of(dict) : Optional.empty();
        }
      }
      return Optional.empty();
    }

    boolean holdsTensors() {
      return values.stream().anyMatch(Tensor.class::isInstance);
    }
  }

  /** A global of the allow-list that can be called. */
  record Function(Callable callable) implements Pickled {}

  /** A class of storages. */
  record StorageType(ElementType type) implements Pickled {}

  /** A {@code torch.dtype}. */
  record DataType(ElementType type) implements Pickled {}

  /**
   * A reference to a storage.
   *
   * @param key its name in the file
   * @param type of its elements
   * @param count how many it has
   * @param first the first element of the part that is meant: old files know views of storages
   */
  record StorageReference(String key, ElementType type, long count, long first)
      implements Pickled {}

  /**
   * A tensor.
   *
   * @param storage where its elements are
   * @param type of its elements
   * @param first the position of its first element in {@code storage}
   * @param size the extents
   * @param stride the step along each axis, in elements
   */
  record Tensor(
      StorageReference storage, ElementType type, long first, List<Long> size, List<Long> stride)
      implements Pickled {}

  /** What a pickle may call. */
  enum Callable {
    /** {@code OrderedDict()} or {@code OrderedDict(items)}. */
    ORDERED_DICT,
    /** {@code torch.Size(extents)}. */
    SIZE,
    /** {@code (storage, first, size, stride, ...)}. */
    TENSOR,
    /** {@code (storage, first, size, stride, requires_grad, hooks, dtype)}. */
    TYPED_TENSOR,
    /** {@code (tensor, ...)}. */
    PARAMETER,
    /** Anything whose result is skipped. */
    SKIPPED
  }
}
