"""service-quotas, as boto3 sees it."""

from harness import check, client, refused, summary

quotas = client("service-quotas")
check("services", "vpc" in [one["ServiceCode"] for one in quotas.list_services()["Services"]])
vpcs = quotas.get_service_quota(ServiceCode="vpc", QuotaCode="L-F678F1CE")["Quota"]
check("quota", (vpcs["QuotaName"], vpcs["Value"], vpcs["Adjustable"]), ("VPCs per Region", 5.0, True))
default = quotas.get_aws_default_service_quota(ServiceCode="vpc", QuotaCode="L-F678F1CE")["Quota"]
check("default", default["Value"], 5.0)
refused("NoSuchResourceException", "no quota", quotas.get_service_quota, ServiceCode="vpc", QuotaCode="L-00000000")
refused("NoSuchResourceException", "no service", quotas.list_service_quotas, ServiceCode="nothing")
pages = list(quotas.get_paginator("list_service_quotas").paginate(ServiceCode="vpc", PaginationConfig={"PageSize": 5}))
codes = [one["QuotaCode"] for page in pages for one in page["Quotas"]]
check("pages", (len(pages) > 1, len(codes), len(set(codes))), (True, len(codes), len(codes)))
check("all of one service", {one["ServiceCode"] for page in pages for one in page["Quotas"]}, {"vpc"})
check("one", len(quotas.list_service_quotas(ServiceCode="vpc", QuotaCode="L-F678F1CE")["Quotas"]), 1)
check("defaults", len(quotas.list_aws_default_service_quotas(ServiceCode="vpc")["Quotas"]), len(codes))
refused("InvalidPaginationTokenException", "token of nobody", quotas.list_services, NextToken="x")
refused("NotImplementedByLocalAws", "raising", quotas.request_service_quota_increase, ServiceCode="vpc", QuotaCode="L-F678F1CE", DesiredValue=9)
summary("service-quotas")
