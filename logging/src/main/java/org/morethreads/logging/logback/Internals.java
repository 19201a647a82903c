package org.morethreads.logging.logback;

import ch.qos.logback.core.AppenderBase;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import ch.qos.logback.core.recovery.ResilientFileOutputStream;
import ch.qos.logback.core.recovery.ResilientOutputStreamBase;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What of Logback is needed to hear of its failures, and is not public. On the module path it is
 * there only if Logback's packages were opened to this module; what cannot be reached is null.
 */
final class Internals {
  /** {@code append} of an {@link UnsynchronizedAppenderBase}. */
  static final @Nullable MethodHandle APPEND = append(UnsynchronizedAppenderBase.class);

  /** {@code append} of an {@link AppenderBase}, to be called under its monitor. */
  static final @Nullable MethodHandle LOCKED_APPEND = append(AppenderBase.class);

  /** What a resilient stream writes to, with a buffer. */
  static final @Nullable VarHandle STREAM =
      field(ResilientOutputStreamBase.class, "os", OutputStream.class);

  /** The file under that. */
  static final @Nullable VarHandle FILE =
      field(ResilientFileOutputStream.class, "fos", FileOutputStream.class);

  /** The lock under which an appender writes to its stream. */
  static final @Nullable VarHandle LOCK =
      field(OutputStreamAppender.class, "streamWriteLock", ReentrantLock.class);

  private Internals() {}

  private static @Nullable MethodHandle append(Class<?> base) {
    try {
      return MethodHandles.privateLookupIn(base, MethodHandles.lookup())
          .findVirtual(base, "append", MethodType.methodType(void.class, Object.class));
    } catch (ReflectiveOperationException closed) {
      return null;
    }
  }

  private static @Nullable VarHandle field(Class<?> of, String name, Class<?> type) {
    try {
      return MethodHandles.privateLookupIn(of, MethodHandles.lookup())
          .findVarHandle(of, name, type);
    } catch (ReflectiveOperationException closed) {
      return null;
    }
  }
}
