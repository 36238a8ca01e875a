package dev.hedgerow.app;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command line: {@code hedgerow COMMAND}, one class for each of them. */
@Command(
    name = "hedgerow",
    description = "Explains the decisions of convolutional networks.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:could not: a bad file, a wrong shape, no picture",
      "2:wrong usage"
    })
final class Main implements Callable<Integer> {
  static final int DONE = 0;
  static final int FAILED = 1;
  static final int USAGE = 2;

  private static final Set<String> HELP = Set.of("--help", "-h", "--version", "-V");

  /** The commands but {@code help}, as its page lists them. */
  static final List<Class<?>> COMMANDS =
      List.of(
          DemoCommand.class,
          ExplainCommand.class,
          ScoreCommand.class,
          ModelsCommand.class,
          MethodsCommand.class,
          InspectCommand.class,
          ConvertCommand.class,
          DownloadCommand.class,
          ShapesCommand.class,
          TrainCommand.class,
          BenchCommand.class);

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Option(
      names = "--verbose",
      scope = ScopeType.INHERIT,
      description = "Print the stack trace of an error too, and the time of each method.")
  private boolean verbose;

  private final WarmUp warmUp;

  Main(WarmUp warmUp) {
    this.warmUp = warmUp;
  }

  /** Runs the program and ends the virtual machine with its exit code. */
  public static void main(String... arguments) {
    var out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    var err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    var main = new Main(explains(arguments) ? WarmUp.start() : WarmUp.none());
    System.exit(main.execute(out, err, arguments));
  }

  /** Whether the command, the first word that is no option, is {@code explain}, not its help. */
  static boolean explains(String... arguments) {
    if (!Collections.disjoint(List.of(arguments), HELP)) return false;
    for (String word : arguments) {
      if (!word.startsWith("-")) return word.equals("explain");
    }
    return false;
  }

  /** Runs the program and returns its exit code. */
  int execute(PrintWriter out, PrintWriter err, String... arguments) {
    var line = new CommandLine(this);
    // Settings hold for the commands that are there, so these come first.
    addCommands(line, arguments);
    line.setOut(out)
        .setErr(err)
        .setExpandAtFiles(false)
        .setParameterExceptionHandler((wrong, given) -> usage(wrong))
        .setExecutionExceptionHandler((wrong, command, result) -> failed(wrong));
    int exitCode;
    try {
      exitCode = line.execute(arguments);
    } catch (OutOfMemoryError | StackOverflowError wrong) {
      messages().error(wrong);
      exitCode = FAILED;
    }
    out.flush();
    if (out.checkError() && exitCode == DONE) {
      messages().error(new Failure("cannot write to the standard output"));
      exitCode = FAILED;
    }
    err.flush();
    return exitCode;
  }

  /**
   * Adds the command that the first word names, or all of them: to read by reflection what a dozen
   * commands are is a twentieth of the work of a start.
   */
  private static void addCommands(CommandLine line, String... arguments) {
    for (Class<?> command : COMMANDS) {
      if (arguments.length > 0 && arguments[0].equals(name(command))) {
        line.addSubcommand(command);
        return;
      }
    }
    for (Class<?> command : COMMANDS) line.addSubcommand(command);
    line.addSubcommand(HelpCommand.class);
  }

  static String name(Class<?> command) {
    return command.getAnnotation(Command.class).name();
  }

  @Override
  public Integer call() {
    spec.commandLine().usage(spec.commandLine().getErr());
    return USAGE;
  }

  /** Returns what a command waits for before it runs a network. */
  WarmUp warmUp() {
    return warmUp;
  }

  /** Returns where errors and warnings go. */
  Messages messages() {
    return new Messages(spec.commandLine().getErr(), verbose);
  }

  private int usage(ParameterException wrong) {
    String message = String.valueOf(wrong.getMessage());
    boolean top = wrong.getCommandLine().getParent() == null;
    if (wrong instanceof UnmatchedArgumentException unknown) {
      String first = unknown.getUnmatched().getFirst();
      if (top && !first.startsWith("-")) message = "there is no command " + first;
      List<String> near = unknown.getSuggestions();
      if (!near.isEmpty()) message += "; did you mean " + String.join(", ", near) + "?";
    }
    message =
        message
            .replaceFirst("'([^']*)' is not an int$", "\"$1\", expected a whole number below 2^31")
            .replaceFirst("'([^']*)' is not a long$", "\"$1\", expected a whole number below 2^63")
            .replaceFirst("'([^']*)' is not a double$", "\"$1\", expected a number");
    String help = top ? "help" : "help " + wrong.getCommandLine().getCommandName();
    messages().error(new UsageException(message + " (see: hedgerow " + help + ")", wrong));
    return USAGE;
  }

  private int failed(Exception wrong) {
    messages().error(wrong);
    return wrong instanceof UsageException ? USAGE : FAILED;
  }

  /** Returns the version that was built. */
  static String version() {
    try (InputStream text = Main.class.getResourceAsStream("version.txt")) {
      return new String(
              Objects.requireNonNull(text, "version.txt").readAllBytes(), StandardCharsets.UTF_8)
          .strip();
    } catch (IOException wrong) {
      throw new IllegalStateException("version.txt cannot be read", wrong);
    }
  }

  /** What {@code --version} prints. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"hedgerow " + version()};
    }
  }
}
