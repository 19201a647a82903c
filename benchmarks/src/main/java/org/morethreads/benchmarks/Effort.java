package org.morethreads.benchmarks;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * How thoroughly to measure.
 *
 * @param quick whether it only has to be seen that it works
 * @param rounds how often everything is run
 * @param only for parameters of JMH benchmarks, the values to which they are limited
 * @param results where files go that are made of it
 */
record Effort(boolean quick, int rounds, Map<String, List<String>> only, Path results) {}
