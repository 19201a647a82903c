package org.morethreads.documents;

import org.junit.jupiter.api.Nested;

/** Runs the code that docs/testing-your-code.md shows. */
class TestingYourCodeTest {
  @Nested
  class Greeter extends TestingYourCodeSnippets.GreeterTest {}

  @Nested
  class Retry extends TestingYourCodeSnippets.RetryTest {}

  @Nested
  class Daily extends TestingYourCodeSnippets.DailyTest {}

  @Nested
  class Report extends TestingYourCodeSnippets.ReportTest {}

  @Nested
  class Program extends TestingYourCodeSnippets.ProgramTest {}

  @Nested
  class Pipeline extends TestingYourCodeSnippets.PipelineTest {}

  @Nested
  class Answer extends TestingYourCodeSnippets.AnswerTest {}

  @Nested
  class Order extends TestingYourCodeSnippets.OrderTest {}

  @Nested
  class Alien extends TestingYourCodeSnippets.AlienTest {}
}
