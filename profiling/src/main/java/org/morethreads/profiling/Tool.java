package org.morethreads.profiling;

import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import javax.management.JMException;
import javax.management.ObjectName;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/**
 * The command line: dumps the trees of a program that runs on this machine, and makes the files of
 * a profile out of a recording.
 *
 * <pre>{@code
 * java -cp … org.morethreads.profiling.Tool dump PID [--json]
 * java -cp … org.morethreads.profiling.Tool convert RECORDING.jfr DIRECTORY
 * }</pre>
 *
 * <p>The program to be dumped must have {@linkplain Diagnostics diagnostics} enabled.
 *
 * @since 0.1
 */
public final class Tool {
  private static final String USAGE =
      """
      Usage: dump PID [--json]                 the trees of a program with -Dorg.morethreads.diagnostics=true
             convert RECORDING.jfr DIRECTORY   the files of a profile
      """;

  private Tool() {}

  /**
   * Runs the command line.
   *
   * @param arguments what to do; nothing says what there is
   */
  public static void main(String... arguments) {
    System.exit(run(System.out, System.err, arguments));
  }

  static int run(PrintStream out, PrintStream err, String... arguments) {
    try {
      String what = arguments.length == 0 ? "" : arguments[0];
      if (what.equals("dump") && arguments.length >= 2) {
        boolean json = arguments.length == 3 && arguments[2].equals("--json");
        if (arguments.length == 2 || json) {
          out.print(dump(arguments[1], json ? "dumpJson" : "dump"));
          return 0;
        }
      } else if (what.equals("convert") && arguments.length == 3) {
        Path recording = Path.of(arguments[1]);
        String name = recording.getFileName().toString().replaceFirst("\\.jfr$", "");
        Profile.read(recording).write(Path.of(arguments[2]), name).forEach(out::println);
        return 0;
      }
      err.print(USAGE);
      return 2;
    } catch (IOException | AttachNotSupportedException | JMException e) {
      err.println(
          e instanceof javax.management.InstanceNotFoundException
              ? "The program has no diagnostics: start it with -Dorg.morethreads.diagnostics=true, or let it call Diagnostics.enable()."
              : e.toString());
      return 1;
    }
  }

  @SuppressWarnings("BanJNDI") // an address that a JVM of this machine has just given us
  private static String dump(String pid, String operation)
      throws IOException, AttachNotSupportedException, JMException {
    VirtualMachine machine = VirtualMachine.attach(pid);
    try {
      JMXServiceURL address = new JMXServiceURL(machine.startLocalManagementAgent());
      try (JMXConnector connection = JMXConnectorFactory.connect(address)) {
        return (String)
            connection
                .getMBeanServerConnection()
                .invoke(new ObjectName(Diagnostics.NAME), operation, null, null);
      }
    } finally {
      machine.detach();
    }
  }
}
