package org.morethreads.profiling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The pages of a profile, opened in a browser without a screen: that their scripts run without an
 * error, and what they show. Needs Chromium, so it is run by {@code profiling/pages}, not with the
 * other tests.
 */
@Tag("browser")
@Timeout(300)
class PagesTest {
  private static final int WIDTH = 1280;
  private static final int HEIGHT = 720;

  /** The tree is at the bottom of a flame graph, below some sixty frames. */
  private static final int FLAMES_HEIGHT = 1200;

  @TempDir static Path directory;

  private static List<Path> files = List.of();

  @BeforeAll
  static void profileTheShop() throws Exception {
    Shop.run(); // so that the pictures are of its work, not of the loading of classes
    Profiler profiler =
        Profiler.into(directory)
            .name("shop")
            .interval(Duration.ofMillis(1))
            .waitsFrom(Duration.ofMillis(1))
            .allocation()
            .start();
    Shop.run();
    profiler.close();
    files = profiler.files();
  }

  private static Path file(String end) {
    return files.stream().filter(file -> file.toString().endsWith(end)).findFirst().orElseThrow();
  }

  /** Opens a page; what the browser prints, and what it reports of scripts. */
  private static String open(Path page, String... options) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("morethreads.chromium", "chromium"));
    command.addAll(
        List.of(
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--force-device-scale-factor=1",
            "--virtual-time-budget=10000",
            "--enable-logging=stderr",
            "--user-data-dir=" + directory.resolve("browser")));
    command.addAll(List.of(options));
    command.add(page.toUri().toString());
    Path out = directory.resolve("out.txt");
    Path err = directory.resolve("err.txt");
    Process browser =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    try {
      assertThat(browser.waitFor(120, TimeUnit.SECONDS)).as("the browser ends").isTrue();
    } finally {
      browser.destroyForcibly();
    }
    String reported = Files.readString(err, StandardCharsets.UTF_8);
    assertThat(browser.exitValue()).as("%s", reported).isZero();
    assertThat(reported.lines().filter(line -> line.contains(":CONSOLE"))).isEmpty();
    return Files.readString(out, StandardCharsets.UTF_8);
  }

  /** The picture of a page; kept, under a name, where the build asks for pictures. */
  private static Map<Integer, Integer> colorsOf(Path page, String name, int height)
      throws Exception {
    Path picture = directory.resolve(name + ".png");
    String _ = open(page, "--screenshot=" + picture, "--window-size=" + WIDTH + "," + height);
    String wanted = System.getProperty("morethreads.pictures", "");
    if (!wanted.isEmpty()) {
      Files.createDirectories(Path.of(wanted));
      Files.copy(
          picture, Path.of(wanted).resolve(name + ".png"), StandardCopyOption.REPLACE_EXISTING);
    }
    BufferedImage image = ImageIO.read(picture.toFile());
    assertThat(image.getWidth()).isEqualTo(WIDTH);
    Map<Integer, Integer> colors = new HashMap<>();
    for (int x = 0; x < image.getWidth(); x++) {
      for (int y = 0; y < image.getHeight(); y++) {
        colors.merge(image.getRGB(x, y) & 0xffffff, 1, Integer::sum);
      }
    }
    return colors;
  }

  @Test
  void timeline_shop_showsThreadsWaitsAndMoments() throws Exception {
    Path page = file("_timeline.html");
    String dom = open(page, "--dump-dom");
    assertThat(dom).doesNotContain("data-error");
    int tracks = number(dom, "data-tracks=\"");
    assertThat(tracks).isGreaterThanOrEqualTo(30); // the checks alone are 24
    assertThat(number(dom, "data-drawn=\"")).isGreaterThan(30);
    assertThat(dom).contains(tracks + " of " + tracks + " threads", "Covers ");
    Map<Integer, Integer> colors = colorsOf(page, "timeline", HEIGHT);
    assertThat(colors.getOrDefault(0x8fbce6, 0)).as("lives").isGreaterThan(1_000);
    assertThat(colors.getOrDefault(0xf0b45b, 0)).as("waits").isGreaterThan(1_000);
    assertThat(colors.getOrDefault(0xc0392b, 0)).as("moments").isGreaterThan(20);
  }

  private static int number(String text, String before) {
    int begin = text.indexOf(before);
    assertThat(begin).as("%s in the page", before).isNotNegative();
    begin += before.length();
    return Integer.parseInt(text.substring(begin, text.indexOf('"', begin)));
  }

  @Test
  void flameGraph_shop_showsTheTreeAndItsMethods() throws Exception {
    Path page = file("_cpu.html");
    assertThat(open(page, "--dump-dom")).contains("shop_", "Covers ");
    assertThat(drawn(colorsOf(page, "flamegraph", FLAMES_HEIGHT)))
        .isGreaterThan(WIDTH * HEIGHT / 50);
  }

  @Test
  void flameGraph_allocations_showsTheClass() throws Exception {
    Path page = file("_allocated.html");
    assertThat(open(page, "--dump-dom")).contains("shop_", "Covers ");
    assertThat(drawn(colorsOf(page, "allocations", FLAMES_HEIGHT)))
        .isGreaterThan(WIDTH * HEIGHT / 50);
  }

  /** How many points have a colour that is neither white nor grey. */
  private static int drawn(Map<Integer, Integer> colors) {
    int sum = 0;
    for (Map.Entry<Integer, Integer> each : colors.entrySet()) {
      int red = each.getKey() >> 16;
      int green = each.getKey() >> 8 & 0xff;
      int blue = each.getKey() & 0xff;
      int least = Math.min(red, Math.min(green, blue));
      sum += Math.max(red, Math.max(green, blue)) - least > 30 ? each.getValue() : 0;
    }
    return sum;
  }

  /** That these tests would see an error. */
  @Test
  void open_pageWithAnError_fails() throws IOException {
    Path page = directory.resolve("broken.html");
    Files.writeString(
        page, Files.readString(file("_timeline.html")).replace("const NAMES", "const NAMEZ"));
    assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> open(page, "--dump-dom"));
  }
}
