package dev.hedgerow.test;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.FileReader;
import java.io.FileWriter;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Who may use what: the map of the modules, and what no class does. */
class ArchitectureTest {
  private static final JavaClasses MAIN =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .withImportOption(location -> !location.contains("/dev/hedgerow/test/"))
          .importPackages("dev.hedgerow");

  private static final String ENGINE = "dev.hedgerow.engine..";
  private static final String SIMD = "dev.hedgerow.engine.simd..";
  private static final String NN = "dev.hedgerow.nn..";
  private static final String WEIGHTS = "dev.hedgerow.weights..";
  private static final String ATTRIBUTION = "dev.hedgerow.attribution..";
  private static final String APP = "dev.hedgerow.app..";

  private static final DescribedPredicate<JavaClass> JAVA_BASE = inModule("java.base");
  private static final DescribedPredicate<JavaClass> JAVA_DESKTOP = inModule("java.desktop");

  /** A layer that is not optional must have a class, so all modules are seen. */
  @Test
  void modulesUseThoseBelowThem() {
    layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .layer("engine")
        .definedBy(ENGINE)
        .layer("nn")
        .definedBy(NN)
        .layer("weights")
        .definedBy(WEIGHTS)
        .layer("attribution")
        .definedBy(ATTRIBUTION)
        .optionalLayer("app")
        .definedBy(APP)
        .whereLayer("engine")
        .mayNotAccessAnyLayer()
        .whereLayer("nn")
        .mayOnlyAccessLayers("engine")
        .whereLayer("weights")
        .mayOnlyAccessLayers("engine", "nn")
        .whereLayer("attribution")
        .mayOnlyAccessLayers("engine", "nn")
        .check(MAIN);
  }

  @Test
  void coreModulesUseTheJdkAndFastutil() {
    classes()
        .that()
        .resideOutsideOfPackage(APP)
        .should()
        .onlyDependOnClassesThat(
            JAVA_BASE
                .or(inModule("jdk.incubator.vector"))
                .or(
                    resideInAnyPackage(
                        "dev.hedgerow..", "it.unimi.dsi.fastutil..", "org.jspecify..")))
        .check(MAIN.that(describe("do not read HDF5", type -> !readsHdf5(type))));
  }

  /** jhdf is optional: what needs no HDF5 must run without it. */
  @Test
  void hdf5IsInItsReaderAlone() {
    classes()
        .that(describe("read HDF5", ArchitectureTest::readsHdf5))
        .should()
        .onlyDependOnClassesThat(
            JAVA_BASE.or(resideInAnyPackage("dev.hedgerow..", "io.jhdf..", "org.jspecify..")))
        .check(MAIN);
  }

  private static boolean readsHdf5(JavaClass type) {
    String name = type.getName();
    return name.startsWith("dev.hedgerow.weights.Hdf5Reader")
        || name.startsWith("dev.hedgerow.weights.Hdf5Storage");
  }

  @Test
  void vectorsAreInOnePackage() {
    noClasses()
        .that()
        .resideOutsideOfPackage(SIMD)
        .should()
        .dependOnClassesThat(inModule("jdk.incubator.vector"))
        .check(MAIN);
  }

  @Test
  void networksKnowNoFiles() {
    Set<Class<?>> files =
        Set.of(
            File.class,
            FileInputStream.class,
            FileOutputStream.class,
            FileReader.class,
            FileWriter.class,
            RandomAccessFile.class);
    noClasses()
        .that()
        .resideInAnyPackage(ENGINE, NN, ATTRIBUTION)
        .should()
        .dependOnClassesThat(
            resideInAnyPackage("java.nio.file..", "java.nio.channels..")
                .or(
                    describe(
                        "are files of java.io",
                        type -> files.stream().anyMatch(type::isEquivalentTo))))
        .check(MAIN);
  }

  @Test
  void picturesAreInTheAppAlone() {
    noClasses()
        .that()
        .resideOutsideOfPackage(APP)
        .should()
        .dependOnClassesThat(JAVA_DESKTOP)
        .check(MAIN);
  }

  @Test
  void packagesHaveNoCycles() {
    slices().matching("dev.hedgerow.(**)").should().beFreeOfCycles().check(MAIN);
  }

  /** Without the hardware's instruction it is thousands of times slower than two operations. */
  @Test
  void multiplyAndAddIsFusedInKernelsAlone() {
    noClasses()
        .should()
        .accessTargetWhere(
            target("Math.fma", "fma", Math.class.getName(), StrictMath.class.getName()))
        .check(MAIN);
    noClasses()
        .that()
        .resideOutsideOfPackage(SIMD)
        .should()
        .accessTargetWhere(
            target(
                "vectors' fma",
                "fma",
                "jdk.incubator.vector.FloatVector",
                "jdk.incubator.vector.DoubleVector"))
        .orShould()
        .accessTargetWhere(target("FMA", "FMA", "jdk.incubator.vector.VectorOperators"))
        .check(MAIN);
  }

  @Test
  void onlyTheMainClassExits() {
    noClasses()
        .that()
        .doNotHaveFullyQualifiedName("dev.hedgerow.app.Main")
        .should()
        .accessTargetWhere(target("exit", "exit", "java.lang.System", "java.lang.Runtime"))
        .orShould()
        .accessTargetWhere(target("halt", "halt", "java.lang.Runtime"))
        .check(MAIN);
  }

  @Test
  void nothingStaticChanges() {
    fields().that().areStatic().should().beFinal().check(MAIN);
  }

  @Test
  void systemPropertiesAreNotWritten() {
    noClasses()
        .should()
        .accessTargetWhere(target("setProperty", "setProperty", "java.lang.System"))
        .orShould()
        .accessTargetWhere(target("setProperties", "setProperties", "java.lang.System"))
        .orShould()
        .accessTargetWhere(target("clearProperty", "clearProperty", "java.lang.System"))
        .check(MAIN);
  }

  @Test
  void everyPackageSaysWhatItIs() throws IOException {
    var without = new TreeSet<Path>();
    try (Stream<Path> sources = Files.walk(Shared.root())) {
      sources
          .filter(file -> file.toString().replace('\\', '/').contains("/src/main/java/dev/"))
          .filter(file -> file.toString().endsWith(".java"))
          .map(Path::getParent)
          .filter(folder -> !Files.exists(folder.resolve("package-info.java")))
          .forEach(without::add);
    }
    assertEquals(Set.of(), without);
  }

  private static DescribedPredicate<JavaClass> inModule(String name) {
    Set<String> packages =
        ModuleLayer.boot().findModule(name).map(Module::getPackages).orElseThrow();
    return describe(
        "are in module " + name,
        type ->
            packages.contains(type.getBaseComponentType().getPackageName())
                || (name.equals("java.base") && type.getBaseComponentType().isPrimitive()));
  }

  private static DescribedPredicate<JavaAccess<?>> target(
      String description, String member, String... owners) {
    return describe(
        "target is " + description,
        access ->
            access.getTarget().getName().equals(member)
                && Set.of(owners).contains(access.getTargetOwner().getName()));
  }
}
