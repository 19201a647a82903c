package org.morethreads.process;

/**
 * How much has come out of a program.
 *
 * @param stdoutBytes how many bytes of its standard output have been read
 * @param stderrBytes how many bytes of its standard error have been read; 0 when it is merged
 * @param splitLines how often a line was cut since it was too long
 * @param droppedElements how many lines, or pieces of bytes, were dropped since nobody took them
 *     while the program was joined or stopped
 * @since 0.1
 */
public record ProgramStatistics(
    long stdoutBytes, long stderrBytes, long splitLines, long droppedElements) {
  static ProgramStatistics of(Output stdout, Output stderr) {
    boolean merged = stdout == stderr;
    return new ProgramStatistics(
        stdout.tail().total(),
        merged ? 0 : stderr.tail().total(),
        stdout.split() + (merged ? 0 : stderr.split()),
        stdout.dropped() + (merged ? 0 : stderr.dropped()));
  }
}
