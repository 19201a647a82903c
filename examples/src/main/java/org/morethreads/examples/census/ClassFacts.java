package org.morethreads.examples.census;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.instruction.MonitorInstruction;
import java.lang.reflect.AccessFlag;

/**
 * What the census counts of a class.
 *
 * @param home the module or jar that it comes from
 * @param packageName its package; empty for none
 * @param name its name without the package
 * @param bytes the size of its file
 * @param methods how many methods it declares
 * @param fields how many fields it declares
 * @param natives how many of the methods are native
 * @param synchronizedMethods how many of the methods are synchronized
 * @param monitorEnters how many synchronized blocks the code enters
 * @param usesUnsafe whether it refers to {@code sun.misc.Unsafe}
 */
record ClassFacts(
    String home,
    String packageName,
    String name,
    int bytes,
    int methods,
    int fields,
    int natives,
    int synchronizedMethods,
    int monitorEnters,
    boolean usesUnsafe) {

  private static final System.Logger LOG = System.getLogger("org.morethreads.examples.census");

  /** The columns of the table, in the order of {@link #values}. */
  static final String COLUMNS =
      "home text, package text, name text, bytes integer, methods integer, fields integer,"
          + " natives integer, synchronized_methods integer, monitor_enters integer,"
          + " uses_unsafe integer";

  /** A row of the table. */
  Object[] values() {
    return new Object[] {
      home,
      packageName,
      name,
      bytes,
      methods,
      fields,
      natives,
      synchronizedMethods,
      monitorEnters,
      usesUnsafe ? 1 : 0
    };
  }

  /** Reads a class file; throws what the parser throws at a broken one. */
  static ClassFacts parse(String home, byte[] classFile) {
    ClassModel model = ClassFile.of().parse(classFile);
    String whole = model.thisClass().asInternalName();
    int slash = whole.lastIndexOf('/');
    int natives = 0;
    int synchronizedMethods = 0;
    int monitorEnters = 0;
    for (MethodModel method : model.methods()) {
      natives += method.flags().has(AccessFlag.NATIVE) ? 1 : 0;
      synchronizedMethods += method.flags().has(AccessFlag.SYNCHRONIZED) ? 1 : 0;
      monitorEnters += method.code().map(ClassFacts::countMonitorEnters).orElse(0);
    }
    ClassFacts facts =
        new ClassFacts(
            home,
            slash < 0 ? "" : whole.substring(0, slash).replace('/', '.'),
            whole.substring(slash + 1),
            classFile.length,
            model.methods().size(),
            model.fields().size(),
            natives,
            synchronizedMethods,
            monitorEnters,
            refersToUnsafe(model));
    LOG.log(System.Logger.Level.DEBUG, () -> "parsed " + facts);
    return facts;
  }

  private static int countMonitorEnters(CodeModel code) {
    int count = 0;
    for (CodeElement element : code) {
      if (element instanceof MonitorInstruction monitor
          && monitor.opcode() == Opcode.MONITORENTER) {
        count++;
      }
    }
    return count;
  }

  private static boolean refersToUnsafe(ClassModel model) {
    for (PoolEntry entry : model.constantPool()) {
      if (entry instanceof ClassEntry type && type.asInternalName().equals("sun/misc/Unsafe")) {
        return true;
      }
    }
    return false;
  }
}
