package laba.examples.seckill;

import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.messaging.handler.annotation.MessageMapping;
import org.springframework.messaging.handler.annotation.SendTo;
import org.springframework.stereotype.Controller;

@Controller
class SeckillController {
  private final AtomicInteger left = new AtomicInteger(3);

  record Attempt(String buyer) {}

  record Result(String buyer, boolean won, int left) {}

  /** Everybody sees who was quick enough. */
  @MessageMapping("/seckill")
  @SendTo("/topic/seckillResult")
  Result attempt(Attempt attempt) {
    int before = left.getAndUpdate(count -> Math.max(count - 1, 0));
    return new Result(attempt.buyer(), before > 0, Math.max(before - 1, 0));
  }
}
